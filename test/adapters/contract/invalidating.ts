import { describe, expect, it } from 'vitest'
import type { Adapter } from '../application.js'
import { isHit } from '../client.js'
import { countingRoute, startApplication } from '../fixture.js'

const ALICE = 'acme/alice/s1'
const BOB = 'acme/bob/s1'
const STRANGER = 'evil/alice/s1'

/** Who loses what when somebody invalidates. */
export function invalidatingContract(adapter: Adapter): void {
  describe('invalidating', () => {
    it("a handler invalidates its caller's organization and nobody else's", async () => {
      const app = await startApplication(adapter, [
        countingRoute({ scope: 'user' }),
        {
          method: 'post',
          path: '/reset',
          handler: async ({ cache }) => {
            await cache.at('organization').invalidate()
            return { body: 'done' }
          },
        },
      ])
      for (const who of [ALICE, BOB, STRANGER]) await app.ask('/x', { as: who })
      await app.ask('/reset', { as: ALICE, method: 'POST' })
      expect(isHit(await app.ask('/x', { as: STRANGER }))).toBe(true)
      expect(isHit(await app.ask('/x', { as: ALICE }))).toBe(false)
      expect(isHit(await app.ask('/x', { as: BOB }))).toBe(false)
    })

    it.each([
      ['answered 200', 200, false],
      ['answered 303', 303, false],
      ['refused with 403', 403, true],
      ['that failed with 500', 500, true],
    ])("a write to a URL that is %s decides about its caller's responses of that URL", async (_what, status, kept) => {
      const app = await startApplication(adapter, [
        countingRoute({ scope: 'organization' }),
        { method: 'post', path: '/x', handler: () => ({ status, body: 'written' }) },
      ])
      for (const who of [ALICE, STRANGER]) await app.ask('/x', { as: who })
      await app.ask('/x', { as: ALICE, method: 'POST' })
      expect(isHit(await app.ask('/x', { as: STRANGER }))).toBe(true)
      expect(isHit(await app.ask('/x', { as: ALICE }))).toBe(kept)
    })
  })
}
