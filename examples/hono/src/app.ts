import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import type { JwtVariables } from 'hono/jwt'
import { cacheContext, cacheMiddleware } from '@cacheado/hono'
import type { CacheVariables } from '@cacheado/hono'
import { readInvoice, readLogin, readYear, tokenAudience, tokenIssuer } from 'example-saas'
import type { Billing, Claims, Tokens } from 'example-saas'
import { createAppCache, identity } from './cache.js'

/** The billing API. `cache` is returned beside the application for whoever watches or closes it. */
export function createApp(billing: Billing, tokens: Tokens) {
  const cache = createAppCache()
  const app = new Hono<{ Variables: JwtVariables<Claims> & CacheVariables }>()

  // Once: which cache, and who asks.
  app.use(cacheContext({ cache, identity }))

  app.post('/login', async (c) => {
    const login = readLogin(await c.req.json().catch(() => undefined))
    const claims = login && (await billing.authenticate(login.organization, login.user, login.password))
    if (!claims) return c.json({ error: 'Organization, user and password do not belong together' }, 401)
    return c.json({ token: await tokens.issue(claims) })
  })

  // Global: one entry for everybody. `public` says that a request with a token may have it, too.
  app.get('/plans', cacheMiddleware({ scope: 'global', ttl: '10m' }), async (c) => {
    return c.json(await billing.plans(), 200, { 'Cache-Control': 'public, max-age=600' })
  })

  // A hit answers without running what comes after it: authentication stands before every cached route.
  app.use(jwt({ secret: tokens.secret, alg: 'HS256', verification: { iss: tokenIssuer, aud: tokenAudience } }))

  // User: an entry per person. The tag says what the answer is made of.
  app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m', tags: ['invoices'] }), async (c) => {
    const { org_id, sub } = c.get('jwtPayload')
    return c.json(await billing.dashboard(org_id, sub))
  })

  // Organization: colleagues share the report, nobody else does.
  app.get('/reports/monthly', cacheMiddleware({ scope: 'organization', ttl: '10m', tags: ['invoices'] }), async (c) => {
    return c.json(await billing.monthlyReport(c.get('jwtPayload').org_id, readYear(c.req.query('year'))))
  })

  // A cached function: the value is kept, whichever routes, jobs or functions call it. The context of the request says for whom.
  const topCustomers = cache.wrap((organization: string, limit: number) => billing.topCustomers(organization, limit), {
    name: 'top-customers',
    scope: 'organization',
    ttl: '10m',
    tags: ['invoices'],
  })
  app.get('/customers/top', async (c) => c.json(await topCustomers(c.get('jwtPayload').org_id, 5)))

  // A write: everything made of invoices is invalid now, in this organization and for each of its people; nobody else loses anything.
  app.post('/invoices', async (c) => {
    const { org_id, sub } = c.get('jwtPayload')
    const invoice = readInvoice(await c.req.json().catch(() => undefined))
    if (!invoice) return c.json({ error: 'customer, issuedOn, currency and amountCents are needed' }, 400)
    const added = await billing.addInvoice(org_id, sub, invoice)
    await c.var.cache.at('organization').invalidateTags(['invoices'])
    return c.json(added, 201)
  })

  // What the cache did for the caller's organization and its people.
  app.get('/stats', (c) => c.json(cache.at('organization', { organization: c.get('jwtPayload').org_id }).stats()))

  return { app, cache }
}
