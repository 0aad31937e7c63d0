import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Adapter, Ask } from '../application.js'
import { startApplication, type Fixture } from '../fixture.js'

type Probe = (identity: () => unknown) => Promise<unknown>

const emitter = new EventEmitter()

/** Roads on which code of a handler may come to run later. */
const PROBES: readonly (readonly [road: string, probe: Probe])[] = [
  ['at once', async (identity) => identity()],
  ['after a promise', (identity) => Promise.resolve().then(identity)],
  ['in a microtask', (identity) => new Promise((resolve) => queueMicrotask(() => resolve(identity())))],
  ['in a timer', (identity) => new Promise((resolve) => setTimeout(() => resolve(identity()), 1))],
  ['in an immediate', (identity) => new Promise((resolve) => setImmediate(() => resolve(identity())))],
  ['in the next tick', (identity) => new Promise((resolve) => process.nextTick(() => resolve(identity())))],
  [
    'in an event that this request emits',
    (identity) =>
      new Promise((resolve) => {
        emitter.once('event', () => resolve(identity()))
        emitter.emit('event')
      }),
  ],
]

/** Whether code called by a handler knows for whom it runs. */
export function contextContract(adapter: Adapter): void {
  describe('context', () => {
    it.each(PROBES)('code that runs %s knows the caller of its own request, 200 in parallel', async (_road, probe) => {
      const holder: { app?: Fixture } = {}
      const handler = async ({ who }: Ask) => ({
        body: JSON.stringify([who, await probe(() => holder.app?.cache.identity())]),
      })
      const app = (holder.app = await startApplication(adapter, [{ path: '/who', handler }]))
      const callers = Array.from({ length: 200 }, (_, at) => `org${at % 7}/user${at}/s${at}`)
      const answers = await Promise.all(callers.map((who) => app.ask('/who', { as: who })))
      answers.forEach(({ body }, at) => {
        const [organization, user, session] = (callers[at] as string).split('/')
        expect(JSON.parse(body)).toEqual([callers[at], { organization, user, session }])
      })
    })

    it('a wrapped function keeps its results for the caller of the request', async () => {
      const holder: { load?: (key: string) => Promise<string>; app?: Fixture } = {}
      let loads = 0
      const app = (holder.app = await startApplication(adapter, [
        { path: '/service', handler: async ({ who }) => ({ body: `${who}=${await holder.load?.('k')}` }) },
      ]))
      holder.load = app.cache.wrap(async (_key: string) => `${JSON.stringify(app.cache.identity())}${++loads}`, {
        name: 'service',
        scope: 'user',
      })
      for (const who of ['a/x/1', 'b/x/1', 'a/x/2', 'b/x/2']) await app.ask('/service', { as: who })
      expect(loads).toBe(2)
      const again = await app.ask('/service', { as: 'a/x/3' })
      expect(again.body).toBe('a/x/3={"organization":"a","user":"x"}1')
    })

    it('a caller without identity has a context that shares with nobody', async () => {
      const holder: { app?: Fixture } = {}
      const app = (holder.app = await startApplication(adapter, [
        {
          path: '/anonymous',
          handler: async () => {
            await holder.app?.cache.current('user').set('k', 'v')
            return { body: String(await holder.app?.cache.current('user').get('k')) }
          },
        },
      ]))
      expect((await app.ask('/anonymous')).body).toBe('undefined')
      expect(app.cache.stats().entries).toBe(0)
    })
  })
}
