import { describe, expect, it } from 'vitest'
import type { Adapter } from '../application.js'
import { isHit } from '../client.js'
import { countingRoute, SCOPES, startApplication } from '../fixture.js'

const ALICE = 'acme/alice/s1'
const ALICE_ELSEWHERE = 'acme/alice/s2'
const BOB = 'acme/bob/s1'
const STRANGER = 'evil/alice/s1'

/** Who gets whose response. */
export function sharingContract(adapter: Adapter): void {
  describe('sharing', () => {
    it.each([
      { scope: 'session', shares: [ALICE], apart: [ALICE_ELSEWHERE, BOB, STRANGER] },
      { scope: 'user', shares: [ALICE, ALICE_ELSEWHERE], apart: [BOB, STRANGER] },
      { scope: 'organization', shares: [ALICE, ALICE_ELSEWHERE, BOB], apart: [STRANGER] },
    ] as const)(
      'a response of level $scope reaches exactly those inside the scope',
      async ({ scope, shares, apart }) => {
        const app = await startApplication(adapter, [countingRoute({ scope })])
        const first = await app.ask('/x', { as: ALICE })
        expect(first.body).toBe(`${ALICE}:1`)
        for (const who of shares) {
          const answer = await app.ask('/x', { as: who })
          expect(isHit(answer)).toBe(true)
          expect(answer.body).toBe(first.body)
        }
        for (const who of apart) {
          const own = await app.ask('/x', { as: who })
          expect(own.body).toContain(who)
          expect((await app.ask('/x', { as: who })).body).toBe(own.body)
        }
      },
    )

    it('concurrent first requests of several users share with nobody else', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'user' })])
      const callers = Array.from({ length: 60 }, (_, at) => `org${at % 3}/user${at % 10}/s`)
      const answers = await Promise.all(callers.map((who) => app.ask('/x', { as: who })))
      answers.forEach((answer, at) => expect(answer.body).toContain(`${callers[at]}:`))
      expect(app.runs.get('/x')).toBe(new Set(callers).size)
    })

    it('a caller who cannot be placed runs the handler each time and leaves nothing behind', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'organization' })])
      const first = await app.ask('/x')
      const second = await app.ask('/x')
      expect([first.body, second.body]).toEqual(['undefined:1', 'undefined:2'])
      expect(second.headers['cache-status']).toContain('no-scope')
      expect(app.cache.stats().entries).toBe(0)
      expect((await app.ask('/x', { as: ALICE })).body).toBe(`${ALICE}:3`)
    })

    it('ids that are names of object internals are ordinary ids', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'user' })])
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
      for (const name of names) expect((await app.ask('/x', { as: `${name}/${name}/s` })).body).toContain(`${name}/`)
      for (const name of names) expect(isHit(await app.ask('/x', { as: `${name}/${name}/s` }))).toBe(true)
    })

    it('a global response is shared by requests without credentials and by nobody with them', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'global' })])
      await app.ask('/x')
      expect((await app.ask('/x')).body).toBe('undefined:1')
      expect((await app.ask('/x', { as: ALICE })).body).toBe(`${ALICE}:2`)
      expect((await app.ask('/x')).body).toBe('undefined:1')
    })

    it('a global response that its handler calls public is shared with everybody', async () => {
      const route = countingRoute({ scope: 'global' }, (_asked, n) => ({
        headers: [['cache-control', 'public, max-age=60']],
        body: String(n),
      }))
      const app = await startApplication(adapter, [route])
      await app.ask('/x', { as: ALICE })
      expect((await app.ask('/x', { as: STRANGER })).body).toBe('1')
      expect((await app.ask('/x')).body).toBe('1')
    })

    it('a role that changes the answer separates callers when it is named in varyBy', async () => {
      const app = await startApplication(adapter, [
        countingRoute({ scope: 'organization', varyBy: { claims: ['sub'] } }),
      ])
      await app.ask('/x', { as: ALICE })
      expect((await app.ask('/x', { as: BOB })).body).toBe(`${BOB}:2`)
      expect((await app.ask('/x', { as: ALICE_ELSEWHERE })).body).toBe(`${ALICE}:1`)
    })

    it.each([
      ['two identity headers', { authorization: ['Bearer acme/alice/s1', 'Bearer evil/eve/s1'] }],
      ['a method override', { 'x-http-method-override': 'DELETE' }],
    ])('%s: such a request is answered by the handler and leaves nothing behind', async (_what, headers) => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'organization' })])
      await app.ask('/x', { as: ALICE, headers })
      await app.ask('/x', { as: ALICE, headers })
      expect(app.runs.get('/x')).toBe(2)
      expect(app.cache.stats().entries).toBe(0)
    })

    it('a GET with a body is answered by the handler', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'organization' })])
      await app.ask('/x', { as: ALICE, body: 'q=1', headers: { 'content-length': '3' } })
      await app.ask('/x', { as: ALICE, body: 'q=1', headers: { 'content-length': '3' } })
      expect(app.runs.get('/x')).toBe(2)
    })

    it('spellings of a URL are different responses', async () => {
      const echo = {
        path: '/x',
        options: { scope: 'organization' as const },
        handler: ({ url }: { url: string }) => ({ body: url }),
      }
      const app = await startApplication(adapter, [echo])
      const spellings = [
        '/x',
        '/x?',
        '/x?a=1',
        '/x?a=1&b=2',
        '/x?b=2&a=1',
        '/x?a=1&a=2',
        '/x?a=2&a=1',
        '/x?a=%31',
        '/x?a=+',
        '/x?a=%20',
      ]
      for (const spelling of spellings) await app.ask(spelling, { as: ALICE })
      for (const spelling of spellings) {
        const answer = await app.ask(spelling, { as: ALICE })
        expect(isHit(answer)).toBe(true)
        expect([spelling, spelling.replace(/\?$/, '')]).toContain(answer.body)
      }
    })

    it('a personal level makes the response private to browsers and to what stands between', async () => {
      const { defineScopes } = await import('@cacheado/core')
      const scopes = defineScopes(SCOPES, { personal: ['user'] })
      const app = await startApplication(adapter, [countingRoute({ scope: 'user' })], { scopes })
      expect((await app.ask('/x', { as: ALICE })).headers['cache-control']).toBe('private')
    })

    it('a shared level tells those in between to keep out, whatever the handler says', async () => {
      const silent = countingRoute({ scope: 'organization' })
      const loud = {
        ...countingRoute({ scope: 'organization' }, (_, n) => ({
          headers: [['cache-control', 'public, s-maxage=100, max-age=50']],
          body: String(n),
        })),
        path: '/loud',
      }
      const app = await startApplication(adapter, [silent, loud])
      const quiet = (await app.ask('/x', { as: ALICE })).headers
      expect(quiet['cache-control']).toBe('private, no-cache')
      expect(String(quiet.vary).toLowerCase()).toContain('authorization')
      const said = String((await app.ask('/loud', { as: ALICE })).headers['cache-control'])
      expect(said).not.toMatch(/public|s-maxage/)
      expect(said).toContain('max-age=50')
    })
  })
}
