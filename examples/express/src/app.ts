import express from 'express'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import { readInvoice, readLogin, readYear } from 'example-saas'
import type { Billing, Tokens } from 'example-saas'
import { authenticate } from './authenticate.js'
import { createAppCache, identity } from './cache.js'

/** The billing API. `cache` is returned beside the application for whoever watches or closes it. */
export function createApp(billing: Billing, tokens: Tokens) {
  const cache = createAppCache()
  const app = express()
  app.use(express.json())

  // Once: which cache, and who asks.
  app.use(cacheContext({ cache, identity }))

  app.post('/login', async (req, res) => {
    const login = readLogin(req.body)
    const claims = login && (await billing.authenticate(login.organization, login.user, login.password))
    if (!claims) return res.status(401).json({ error: 'Organization, user and password do not belong together' })
    return res.json({ token: await tokens.issue(claims) })
  })

  // Global: one entry for everybody. `public` says that a request with a token may have it, too.
  app.get('/plans', cacheMiddleware({ scope: 'global', ttl: '10m' }), async (_req, res) => {
    res.set('Cache-Control', 'public, max-age=600').json(await billing.plans())
  })

  // A hit answers without running what comes after it: authentication stands before every cached route.
  app.use(authenticate(tokens))

  // User: an entry per person. The tag says what the answer is made of.
  app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m', tags: ['invoices'] }), async (req, res) => {
    res.json(await billing.dashboard(req.auth.org_id, req.auth.sub))
  })

  // Organization: colleagues share the report, nobody else does.
  app.get(
    '/reports/monthly',
    cacheMiddleware({ scope: 'organization', ttl: '10m', tags: ['invoices'] }),
    async (req, res) => {
      res.json(await billing.monthlyReport(req.auth.org_id, readYear(req.query.year)))
    },
  )

  // A cached function: the value is kept, whichever routes, jobs or functions call it. The context of the request says for whom.
  const topCustomers = cache.wrap((organization: string, limit: number) => billing.topCustomers(organization, limit), {
    name: 'top-customers',
    scope: 'organization',
    ttl: '10m',
    tags: ['invoices'],
  })
  app.get('/customers/top', async (req, res) => {
    res.json(await topCustomers(req.auth.org_id, 5))
  })

  // A write: everything made of invoices is invalid now, in this organization and for each of its people; nobody else loses anything.
  app.post('/invoices', async (req, res) => {
    const invoice = readInvoice(req.body)
    if (!invoice) return res.status(400).json({ error: 'customer, issuedOn, currency and amountCents are needed' })
    const added = await billing.addInvoice(req.auth.org_id, req.auth.sub, invoice)
    await req.cache.at('organization').invalidateTags(['invoices'])
    return res.status(201).json(added)
  })

  // What the cache did for the caller's organization and its people.
  app.get('/stats', (req, res) => {
    res.json(cache.at('organization', { organization: req.auth.org_id }).stats())
  })

  return { app, cache }
}
