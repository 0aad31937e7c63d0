import { describe, expect, it } from 'vitest'
import type { Adapter, Answer } from '../application.js'
import { ask, isHit, send } from '../client.js'
import { countingRoute, latch, startApplication, until } from '../fixture.js'

const ALICE = 'acme/alice/s1'

const NEVER_STORED: readonly (readonly [what: string, answer: Answer])[] = [
  ['a cookie', { headers: [['set-cookie', 'sid=1']] }],
  ['no-store', { headers: [['cache-control', 'no-store']] }],
  ['no-store in capitals among others', { headers: [['Cache-Control', 'MAX-AGE=60 , No-Store']] }],
  ['private at a level that several share', { headers: [['cache-control', 'Private']] }],
  ['max-age=0', { headers: [['cache-control', 'max-age=0']] }],
  ['Vary: *', { headers: [['vary', ' * ']] }],
  ['Vary with * in a list', { headers: [['vary', 'accept, *']] }],
  ['Vary: Cookie', { headers: [['vary', 'cookie']] }],
  ['a challenge', { headers: [['www-authenticate', 'Basic']] }],
  ['a token header', { headers: [['x-csrf-token', 't']] }],
  ['an event stream', { headers: [['content-type', 'text/event-stream']] }],
  ['a nonce', { headers: [['content-security-policy', "script-src 'nonce-abc'"]] }],
  ['500', { status: 500 }],
  ['404 that the route does not list', { status: 404 }],
  ['401', { status: 401 }],
  ['302', { status: 302, headers: [['location', '/y']] }],
  ['204', { status: 204 }],
]

/** What is kept, and how it is given out again. */
export function storingContract(adapter: Adapter): void {
  describe('storing', () => {
    it.each(NEVER_STORED)('a response with %s is not kept', async (_what, answer) => {
      const app = await startApplication(adapter, [
        countingRoute({ scope: 'organization' }, (_, n) => ({ body: String(n), ...answer })),
      ])
      await app.ask('/x', { as: ALICE })
      const second = await app.ask('/x', { as: ALICE })
      expect(app.runs.get('/x')).toBe(2)
      expect(isHit(second)).toBe(false)
      for (const [name] of answer.headers ?? []) expect(second.headers[name.toLowerCase()]).toBeDefined()
    })

    it('status, header lines and bytes come back as they were', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
      const route = countingRoute({ scope: 'organization', statuses: [203] }, () => ({
        status: 203,
        headers: [
          ['content-type', 'application/octet-stream'],
          ['x-total', '42'],
          ['link', '</a>; rel=a'],
          ['link', '</b>; rel=b'],
          ['etag', '"v1"'],
        ],
        body: bytes,
      }))
      const app = await startApplication(adapter, [route])
      const first = await app.ask('/x', { as: ALICE })
      const hit = await app.ask('/x', { as: ALICE })
      expect(isHit(hit)).toBe(true)
      expect(hit.status).toBe(203)
      expect(hit.bytes.equals(Buffer.from(bytes))).toBe(true)
      for (const name of ['content-type', 'x-total', 'link', 'etag', 'cache-control', 'vary', 'date']) {
        expect([name, hit.headers[name]]).toEqual([name, first.headers[name]])
      }
      expect(hit.headers.age).toMatch(/^\d+$/)
    })

    it('a validator that matches is answered 304 without a body', async () => {
      const route = countingRoute({ scope: 'organization' }, (_, n) => ({
        headers: [['etag', 'W/"v1"']],
        body: `body ${n}`,
      }))
      const app = await startApplication(adapter, [route])
      await app.ask('/x', { as: ALICE })
      const answer = await app.ask('/x', { as: ALICE, headers: { 'if-none-match': '"v0", W/"v1"' } })
      expect([answer.status, answer.body, app.runs.get('/x')]).toEqual([304, '', 1])
      expect(answer.headers.etag).toBe('W/"v1"')
      expect((await app.ask('/x', { as: ALICE, headers: { 'if-none-match': '"v0"' } })).body).toBe('body 1')
    })

    it('HEAD reads what a GET has stored and stores nothing itself', async () => {
      const app = await startApplication(adapter, [countingRoute({ scope: 'organization' })])
      await app.ask('/x', { as: ALICE, method: 'HEAD' })
      const miss = await app.ask('/x', { as: ALICE })
      expect(isHit(miss)).toBe(false)
      const head = await app.ask('/x', { as: ALICE, method: 'HEAD' })
      expect([isHit(head), head.body]).toEqual([true, ''])
    })

    it('variants named by Vary are kept apart', async () => {
      const route = countingRoute({ scope: 'organization' }, ({ header }, n) => ({
        headers: [['vary', 'Accept-Language']],
        body: `${header('accept-language')}:${n}`,
      }))
      const app = await startApplication(adapter, [route])
      const inLanguage = async (language: string) =>
        (await app.ask('/x', { as: ALICE, headers: { 'accept-language': language } })).body
      expect(await inLanguage('pt')).toBe('pt:1')
      expect(await inLanguage('en')).toBe('en:2')
      expect([await inLanguage('pt'), await inLanguage('en')]).toEqual(['pt:1', 'en:2'])
    })

    it('an answer for one origin never reaches another', async () => {
      const route = countingRoute({ scope: 'organization' }, ({ header }, n) => ({
        headers: [['access-control-allow-origin', String(header('origin'))]],
        body: String(n),
      }))
      const app = await startApplication(adapter, [route])
      for (const origin of ['https://a.example', 'https://b.example', 'https://a.example']) {
        const answer = await app.ask('/x', { as: ALICE, headers: { origin } })
        expect(answer.headers['access-control-allow-origin']).toBe(origin)
      }
      expect(app.runs.get('/x')).toBe(2)
    })

    it('the handler decides about its own response: tags, lifetime, not at all', async () => {
      const route = countingRoute({ scope: 'organization' }, ({ cache, url }, n) => {
        if (url.includes('skip')) cache.skip()
        else cache.tags('invoices')
        return { body: String(n) }
      })
      const app = await startApplication(adapter, [route])
      await app.ask('/x?skip', { as: ALICE })
      expect((await app.ask('/x?skip', { as: ALICE })).body).toBe('2')
      await app.ask('/x', { as: ALICE })
      expect((await app.ask('/x', { as: ALICE })).body).toBe('3')
      await app.cache.at('organization', { organization: 'other' }).invalidateTags(['invoices'])
      expect((await app.ask('/x', { as: ALICE })).body).toBe('3')
      await app.cache.at('organization', { organization: 'acme' }).invalidateTags(['invoices'])
      expect((await app.ask('/x', { as: ALICE })).body).toBe('4')
    })

    it('a body flows while it is recorded, and comes back whole', async () => {
      const gate = latch()
      const route = countingRoute({ scope: 'organization' }, () => ({
        chunks: (async function* () {
          yield 'first '
          await gate.opened
          yield 'second'
        })(),
      }))
      const app = await startApplication(adapter, [route])
      const seen: string[] = []
      const whole = new Promise<void>((resolve, reject) => {
        send(`${app.url}/x`, { as: ALICE }, (message) => {
          message.on('data', (part: Buffer) => seen.push(part.toString()))
          message.on('end', resolve)
        }).on('error', reject)
      })
      await until(() => seen.length > 0)
      expect(seen).toEqual(['first '])
      gate.open()
      await whole
      const hit = await app.ask('/x', { as: ALICE })
      expect([hit.body, isHit(hit)]).toEqual(['first second', true])
    })

    it('a body beyond the limit is delivered whole and not kept', async () => {
      const route = countingRoute({ scope: 'organization', maxBodyBytes: 1000 }, () => ({ body: 'x'.repeat(1001) }))
      const app = await startApplication(adapter, [route])
      expect((await app.ask('/x', { as: ALICE })).body).toHaveLength(1001)
      expect((await app.ask('/x', { as: ALICE })).body).toHaveLength(1001)
      expect(app.runs.get('/x')).toBe(2)
    })

    it('a handler that fails half-way leaves nothing behind', async () => {
      let failing = true
      const route = countingRoute({ scope: 'organization' }, (_, n) => ({
        chunks: (async function* () {
          yield `part ${n}`
          if (failing) throw new Error('lost the database')
        })(),
      }))
      const app = await startApplication(adapter, [route])
      await app.ask('/x', { as: ALICE }).catch(() => undefined)
      failing = false
      const next = await app.ask('/x', { as: ALICE })
      expect([next.body, isHit(next)]).toEqual(['part 2', false])
      expect((await app.ask('/x', { as: ALICE })).body).toBe('part 2')
    })

    it('a client that leaves in the middle leaves nothing half behind', async () => {
      const gate = latch()
      const route = countingRoute({ scope: 'organization' }, (_, n) => ({
        chunks: (async function* () {
          yield `part ${n} `
          if (n === 1) await gate.opened
          yield 'end'
        })(),
      }))
      const app = await startApplication(adapter, [route])
      await new Promise<void>((resolve) => {
        const request = send(`${app.url}/x`, { as: ALICE }, (message) => {
          message.on('error', () => {})
          message.once('data', () => {
            request.destroy()
            resolve()
          })
        })
        request.on('error', () => {})
      })
      gate.open()
      const next = await ask(`${app.url}/x`, { as: ALICE })
      expect(['part 1 end', 'part 2 end']).toContain(next.body)
      expect((await app.ask('/x', { as: ALICE })).body).toMatch(/^part \d end$/)
    })

    it("an error is the framework's own, each time, and never kept", async () => {
      const route = countingRoute({ scope: 'organization' }, (_, n) => {
        if (n < 3) throw new Error(`failure ${n}`)
        return { body: 'recovered' }
      })
      const app = await startApplication(adapter, [route])
      for (const n of [1, 2]) {
        const answer = await app.ask('/x', { as: ALICE })
        expect([answer.status, answer.body]).toEqual([500, JSON.stringify({ error: `failure ${n}` })])
      }
      expect((await app.ask('/x', { as: ALICE })).body).toBe('recovered')
      expect(isHit(await app.ask('/x', { as: ALICE }))).toBe(true)
    })
  })
}
