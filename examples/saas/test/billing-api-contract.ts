import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBilling, organizations, people, Tokens } from 'example-saas'
import type { Billing, Invoice } from 'example-saas'

/** An example application that listens on a free port. */
export interface RunningApp {
  url: string
  clearCache(): Promise<unknown>
  close(): Promise<unknown>
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { ...headers, 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

/** What the three example applications promise, framework or not: each runs this table over real sockets. */
export function billingApiContract(
  framework: string,
  start: (billing: Billing, tokens: Tokens) => Promise<RunningApp>,
) {
  const tokens = new Tokens('a secret of the test, 32 bytes long')
  let billing: Billing
  let app: RunningApp

  beforeAll(async () => {
    billing = await openBilling({ invoices: 4_000 })
    app = await start(billing, tokens)
  }, 60_000)
  beforeEach(() => app.clearCache())
  afterAll(async () => {
    await app?.close()
    await billing?.close()
  })

  const tokenOf = (name: string) => {
    const [sub = '', org_id = ''] = name.split('@')
    return tokens.issue({ sub, org_id, role: 'member' })
  }
  const request = async (path: string, init: RequestInit = {}) => {
    const queries = billing.postgres.log.length
    const response = await fetch(app.url + path, init)
    const text = await response.text()
    const cacheStatus = response.headers.get('cache-status') ?? ''
    return {
      status: response.status,
      text,
      hit: /; *hit/.test(cacheStatus),
      queries: billing.postgres.log.length - queries,
    }
  }
  const get = async (name: string, path: string) =>
    request(path, { headers: { Authorization: `Bearer ${await tokenOf(name)}` } })
  const post = async (name: string, path: string, body: unknown) =>
    request(path, json(body, { Authorization: `Bearer ${await tokenOf(name)}` }))
  const statsOf = async (name: string) =>
    JSON.parse((await get(name, '/stats')).text) as { hits: number; entries: number }
  const truth = async (name: string, path: string) => {
    const [user = '', organization = ''] = name.split('@')
    if (path === '/me') return JSON.stringify(await billing.dashboard(organization, user))
    if (path === '/plans') return JSON.stringify(await billing.plans())
    return JSON.stringify(await billing.monthlyReport(organization, 2025))
  }
  const invoice = { customer: 'Customer NEW-1', issuedOn: '2025-12-31', currency: 'EUR', amountCents: 4_200 }

  describe(`the ${framework} example`, () => {
    test('a person gets their own page from the cache, and nobody else gets it', async () => {
      expect(await get('ana@aurora', '/me')).toMatchObject({ status: 200, hit: false, queries: 2 })
      expect(await get('ana@aurora', '/me')).toMatchObject({
        hit: true,
        queries: 0,
        text: await truth('ana@aurora', '/me'),
      })
      expect(await get('ben@aurora', '/me')).toMatchObject({ hit: false, text: await truth('ben@aurora', '/me') })
      expect(await get('ana@borealis', '/me')).toMatchObject({ hit: false, text: await truth('ana@borealis', '/me') })
    })

    test('colleagues share a report, other organizations do not', async () => {
      const path = '/reports/monthly'
      expect(await get('ana@aurora', path)).toMatchObject({ status: 200, hit: false, queries: 1 })
      expect(await get('ben@aurora', path)).toMatchObject({
        hit: true,
        queries: 0,
        text: await truth('ana@aurora', path),
      })
      expect(await get('ana@borealis', path)).toMatchObject({
        hit: false,
        queries: 1,
        text: await truth('ana@borealis', path),
      })
    })

    test('everybody shares the price list, with a token or without', async () => {
      expect(await request('/plans')).toMatchObject({ status: 200, hit: false, queries: 1 })
      expect(await request('/plans')).toMatchObject({ hit: true, queries: 0 })
      expect(await get('ana@aurora', '/plans')).toMatchObject({
        hit: true,
        queries: 0,
        text: await truth('', '/plans'),
      })
    })

    test('a cached function runs once for an organization', async () => {
      const path = '/customers/top'
      expect(await get('ana@aurora', path)).toMatchObject({ status: 200, queries: 1 })
      expect(await get('ben@aurora', path)).toMatchObject({
        queries: 0,
        text: JSON.stringify(await billing.topCustomers('aurora', 5)),
      })
      expect(await get('ben@borealis', path)).toMatchObject({
        queries: 1,
        text: JSON.stringify(await billing.topCustomers('borealis', 5)),
      })
    })

    test('a new invoice invalidates its own organization and no other', async () => {
      const everything = ['/me', '/reports/monthly', '/customers/top']
      for (const name of ['ana@aurora', 'ben@aurora', 'ana@borealis'])
        for (const path of everything) await get(name, path)

      const written = await post('ben@aurora', '/invoices', invoice)
      expect(written).toMatchObject({ status: 201, queries: 1 })
      for (const path of everything) expect(await get('ana@borealis', path)).toMatchObject({ queries: 0 })
      for (const path of everything)
        expect(await get('ben@aurora', path)).toMatchObject({ queries: path === '/me' ? 2 : 1 })
      expect(await get('ana@aurora', '/me')).toMatchObject({ hit: false })
      const { latest } = JSON.parse((await get('ben@aurora', '/me')).text) as { latest: Invoice[] }
      expect(latest[0]).toEqual(JSON.parse(written.text))
    })

    test('a refused invoice invalidates nothing', async () => {
      await get('ana@aurora', '/reports/monthly')
      expect(await post('ana@aurora', '/invoices', { ...invoice, currency: 'XXX' })).toMatchObject({
        status: 400,
        queries: 0,
      })
      expect(await get('ana@aurora', '/reports/monthly')).toMatchObject({ hit: true, queries: 0 })
    })

    test('200 concurrent requests of each of two organizations run one query for each', async () => {
      const path = '/reports/monthly'
      const [aurora, borealis] = [await truth('ana@aurora', path), await truth('ana@borealis', path)]
      const queries = billing.postgres.log.length
      const answers = await Promise.all(
        Array.from({ length: 400 }, (_, index) => get(index % 2 ? 'ana@aurora' : 'ben@borealis', path)),
      )
      expect(billing.postgres.log.length - queries).toBe(2)
      for (const [index, { text }] of answers.entries()) expect(text).toBe(index % 2 ? aurora : borealis)
    })

    test('mixed requests of all people get what the database says for each, mostly from the cache', async () => {
      const paths = ['/me', '/reports/monthly', '/plans']
      const names = organizations.flatMap(({ id }) => people.map((person) => `${person.id}@${id}`))
      const truths = new Map<string, string>()
      for (const name of names) for (const path of paths) truths.set(name + path, await truth(name, path))
      let hits = 0
      await Promise.all(
        Array.from({ length: 8 }, async (_, client) => {
          for (let turn = 0; turn < 75; turn++) {
            const name = names[(turn * 7 + client * 11) % names.length]!
            const path = paths[(turn + client) % paths.length]!
            const answer = await get(name, path)
            expect(answer.text).toBe(truths.get(name + path))
            if (answer.hit) hits++
          }
        }),
      )
      expect(hits).toBeGreaterThan(600 * 0.6)
    })

    test('without a valid token nobody gets what is cached', async () => {
      await get('ana@aurora', '/me')
      const [header, , signature] = (await tokenOf('ana@aurora')).split('.')
      const [, claims] = (await tokenOf('ana@borealis')).split('.')
      const expired = await tokens.issue({ sub: 'ana', org_id: 'aurora', role: 'owner' }, '-1m')
      for (const token of [undefined, `${header}.${claims}.${signature}`, expired]) {
        const answer = await request('/me', token ? { headers: { Authorization: `Bearer ${token}` } } : {})
        expect(answer).toMatchObject({ status: 401, hit: false, queries: 0 })
        expect(answer.text).not.toContain('@aurora.example')
      }
    })

    test('an organization sees its own statistics', async () => {
      for (const name of ['ana@cascade', 'ana@cascade', 'ben@cascade']) await get(name, '/reports/monthly')
      expect((await statsOf('ana@cascade')).entries).toBeGreaterThan(0)
      expect((await statsOf('ana@dune')).entries).toBe(0)
    })

    test('a login gives a token that works', async () => {
      const login = { organization: 'aurora', user: 'ana', password: 'correct horse' }
      const { text, status } = await request('/login', json(login))
      expect(status).toBe(200)
      const { token } = JSON.parse(text) as { token: string }
      expect(await request('/me', { headers: { Authorization: `Bearer ${token}` } })).toMatchObject({ status: 200 })
      expect(await request('/login', json({ ...login, organization: 'borealis', password: 'x' }))).toMatchObject({
        status: 401,
      })
    })
  })
}
