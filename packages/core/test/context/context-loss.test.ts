import { EventEmitter, once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCache } from '@cacheado/core'
import { LEVELS } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const PARALLEL = 200
const ids = (index: number) => ({ organization: `o${index % 7}`, user: `u${index}` })
const cache = createCache({ scopes: LEVELS })

afterAll(() => cache.close())

/** Roads on which a callback comes back; each asks in the end who the caller is. */
const ROADS: Record<string, (ask: () => void) => void> = {
  'at once': (ask) => ask(),
  queueMicrotask: (ask) => queueMicrotask(ask),
  'process.nextTick': (ask) => process.nextTick(ask),
  setTimeout: (ask) => void setTimeout(ask),
  setImmediate: (ask) => void setImmediate(ask),
  'a promise': (ask) => void Promise.resolve().then(ask),
  'an async function': (ask) => void (async () => (await null, ask()))(),
  'a thenable': (ask) => void Promise.resolve({ then: (resolve: (value?: unknown) => void) => resolve() }).then(ask),
  'an emitter of its own': (ask) => void new EventEmitter().once('done', ask).emit('done'),
  'a generator': (ask) =>
    void [
      ...(function* () {
        yield ask()
      })(),
    ],
}

describe('two hundred callers at once', () => {
  it.each(Object.entries(ROADS))('are told apart after %s', async (_name, road) => {
    const seen = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) =>
        cache.run(ids(index), () => new Promise<unknown>((resolve) => road(() => resolve(cache.identity())))),
      ),
    )
    expect(seen).toEqual(Array.from({ length: PARALLEL }, (_, index) => ids(index)))
  })

  it('are told apart in loads that wait for each other, and share by level only', async () => {
    const group = cache.namespace('shared')
    const seen = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) =>
        cache.run(ids(index), async () => {
          const own = await group.current('user').getOrSet('k', async () => (await null, cache.identity()))
          const shared = await group.current('organization').getOrSet('k', async () => (await null, cache.identity()))
          return [own, shared, cache.identity()]
        }),
      ),
    )
    seen.forEach((got, index) => {
      const { organization } = ids(index)
      expect(got).toEqual([ids(index), { organization }, ids(index)])
    })
    expect(group.stats().loads).toBe(PARALLEL + 7)
  })

  it('get what is theirs where a pool calls back from somebody else’s context: a handle taken before holds', async () => {
    const waiting: (() => void)[] = []
    const pool = (callback: () => void) => void waiting.push(callback)
    const results: Promise<unknown>[] = []
    for (let index = 0; index < PARALLEL; index++) {
      cache.run(ids(index), () => {
        const scope = cache.current('user')
        results.push(new Promise((resolve) => pool(() => resolve(scope.getOrSet('pool', () => cache.identity())))))
      })
    }
    cache.run({ organization: 'o', user: 'somebody else' }, () => waiting.forEach((callback) => callback()))
    expect(await Promise.all(results)).toEqual(Array.from({ length: PARALLEL }, (_, index) => ids(index)))
  })
})

describe('a context that got lost', () => {
  it('is nobody’s: listeners of an emitter made outside, called from outside', async () => {
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    for (let index = 0; index < 10; index++) {
      cache.run(ids(index), () => emitter.on('done', () => seen.push(cache.identity())))
    }
    emitter.emit('done')
    expect(seen).toEqual(Array.from({ length: 10 }, () => ({})))
  })

  it('is nobody’s or the caller’s own behind a message port, never another’s', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        cache.run(ids(index), async () => {
          const { port1, port2 } = new MessageChannel()
          const arrived = new Promise<unknown>((resolve) => port2.once('message', () => resolve(cache.identity())))
          port1.postMessage('hello')
          const identity = await arrived
          port1.close()
          return identity
        }),
      ),
    )
    seen.forEach((identity, index) => expect([{}, ids(index)]).toContainEqual(identity))
  })

  describe('on a server whose client leaves', () => {
    const closed: { index: number; identity: unknown; value: unknown }[] = []
    const left = new EventEmitter()
    const server = createServer((request, response) => {
      const index = Number(request.url?.slice(1))
      cache.run(ids(index), () => {
        const scope = cache.current('user')
        response.on('close', () => {
          void cache
            .current('user')
            .getOrSet('current', () => cache.identity())
            .then((value) => {
              closed.push({ index, identity: cache.identity(), value })
              left.emit('left')
            })
          void scope.set('captured', index)
        })
        response.write('begin')
      })
    })
    let port = 0

    beforeAll(async () => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    })
    afterAll(() => void server.close())

    it('is unresolved or the caller’s own in its close events, never another’s; a handle taken before holds', async () => {
      const count = 25
      await Promise.all(Array.from({ length: count }, (_, index) => leave(port, index)))
      while (closed.length < count) await once(left, 'left')
      for (const { index, identity, value } of closed) {
        expect([{}, ids(index)]).toContainEqual(identity)
        expect([{}, ids(index)]).toContainEqual(value)
        expect(await cache.at('user', ids(index)).get('captured')).toBe(index)
      }
    })
  })
})

/** Asks, and leaves in the middle of the answer. */
async function leave(port: number, index: number): Promise<void> {
  const request = get({ port, host: '127.0.0.1', path: `/${index}`, agent: false })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  await once(response, 'data')
  response.destroy()
}
