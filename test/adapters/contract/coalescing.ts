import { describe, expect, it } from 'vitest'
import type { Adapter, Answer } from '../application.js'
import { isHit, send } from '../client.js'
import { countingRoute, latch, startApplication, until } from '../fixture.js'

const ALICE = 'acme/alice/s1'

/** What happens to requests that come while the handler runs. */
export function coalescingContract(adapter: Adapter): void {
  describe('coalescing', () => {
    it('concurrent equal requests run the handler once', async () => {
      const gate = latch()
      const route = countingRoute({ scope: 'organization' }, async (_, n) => {
        await gate.opened
        return { body: `answer ${n}` }
      })
      const app = await startApplication(adapter, [route])
      const asked = Array.from({ length: 50 }, () => app.ask('/x', { as: ALICE }))
      await until(() => app.cache.stats().inFlight > 0)
      gate.open()
      const answers = await Promise.all(asked)
      expect(new Set(answers.map((answer) => answer.body))).toEqual(new Set(['answer 1']))
      expect(app.runs.get('/x')).toBe(1)
      expect(
        answers.filter((answer) => String(answer.headers['cache-status']).includes('collapsed') || isHit(answer))
          .length,
      ).toBe(49)
    })

    it.each<[string, (n: number) => Answer]>([
      ['sets a cookie', (n) => ({ headers: [['set-cookie', `sid=${n}`]], body: String(n) })],
      ['is private', (n) => ({ headers: [['cache-control', 'private']], body: String(n) })],
      ['is an error', (n) => ({ status: 500, body: String(n) })],
      ['is a redirection', (n) => ({ status: 302, headers: [['location', `/${n}`]], body: String(n) })],
      ['is too large', (n) => ({ body: `${n}:${'x'.repeat(2000)}` })],
    ])('followers of a response that %s get one of their own', async (_what, answer) => {
      const gate = latch()
      const route = countingRoute({ scope: 'organization', maxBodyBytes: 1000 }, async (_, n) => {
        if (n === 1) await gate.opened
        return answer(n)
      })
      const app = await startApplication(adapter, [route])
      const asked = Array.from({ length: 20 }, () => app.ask('/x', { as: ALICE }))
      await until(() => app.runs.get('/x') === 1)
      gate.open()
      const answers = await Promise.all(asked)
      expect(new Set(answers.map(({ body }) => body)).size).toBe(20)
      const cookies = answers.flatMap(({ headers }) => headers['set-cookie'] ?? [])
      expect(new Set(cookies).size).toBe(cookies.length)
      expect(app.runs.get('/x')).toBe(20)
    })

    it('what cannot be kept is not served one after the other', async () => {
      let running = 0
      let together = 0
      let gate = latch()
      const route = countingRoute({ scope: 'organization' }, async (_, n) => {
        together = Math.max(together, ++running)
        await gate.opened
        running--
        return { headers: [['cache-control', 'no-store']], body: String(n) }
      })
      const app = await startApplication(adapter, [route])
      gate.open()
      await app.ask('/x', { as: ALICE })
      gate = latch()
      together = 0
      const asked = Array.from({ length: 30 }, () => app.ask('/x', { as: ALICE }))
      await until(() => running === 30)
      gate.open()
      await Promise.all(asked)
      expect(together).toBe(30)
    })

    it('followers of a request whose client left are answered', async () => {
      const gate = latch()
      const route = countingRoute({ scope: 'organization' }, async (_, n) => {
        await gate.opened
        return { body: `answer ${n}` }
      })
      const app = await startApplication(adapter, [route])
      const leaver = send(`${app.url}/x`, { as: ALICE }, () => {}).on('error', () => {})
      await until(() => app.runs.get('/x') === 1)
      const following = app.ask('/x', { as: ALICE })
      leaver.destroy()
      gate.open()
      expect((await following).body).toMatch(/^answer \d$/)
    })

    it('an invalidation while the handler runs keeps its answer out, and later callers do not wait for it', async () => {
      const gates = [latch(), latch()]
      const route = countingRoute({ scope: 'organization' }, async (_, n) => {
        await gates[n - 1]?.opened
        return { body: `answer ${n}` }
      })
      const app = await startApplication(adapter, [route])
      const early = app.ask('/x', { as: ALICE })
      await until(() => app.runs.get('/x') === 1)
      await app.cache.at('organization', { organization: 'acme' }).invalidate()
      const late = app.ask('/x', { as: ALICE })
      await until(() => app.runs.get('/x') === 2)
      gates.forEach((gate) => gate.open())
      expect([(await early).body, (await late).body]).toEqual(['answer 1', 'answer 2'])
      expect((await app.ask('/x', { as: ALICE })).body).toBe('answer 2')
    })

    it('two caches with equal routes never share a handler run', async () => {
      const gate = latch()
      const spec = (name: string) =>
        countingRoute({ scope: 'organization' }, async () => {
          await gate.opened
          return { body: name }
        })
      const [one, two] = [
        await startApplication(adapter, [spec('one')]),
        await startApplication(adapter, [spec('two')]),
      ]
      const asked = [one.ask('/x', { as: ALICE }), two.ask('/x', { as: ALICE })]
      await until(() => one.runs.get('/x') === 1 && two.runs.get('/x') === 1)
      gate.open()
      expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(['one', 'two'])
    })
  })
}
