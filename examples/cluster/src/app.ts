import express from 'express'
import type { RequestHandler } from 'express'
import { isCacheError } from '@cacheado/core'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import { readInvoice, readLogin, readYear } from 'example-saas'
import type { Tokens } from 'example-saas'
import { authenticate } from './authenticate.js'
import type { BillingQueries } from './billing-channel.js'
import { createAppCache, identity } from './cache.js'
import type { RedisPlace } from './cache.js'

/** The billing API of `examples/express`, in as many processes as one likes: what changed is `redisStore` in `cache.ts`, and `lease`. */
export function createApp(billing: BillingQueries, tokens: Tokens, redis: RedisPlace) {
  const cache = createAppCache(redis)
  const app = express()
  app.use(express.json())

  // A tenant has left: its keys are removed from Redis, and counted. Before `cacheContext`: nobody asks for this as a tenant.
  app.delete('/organizations/:organization/cache', authenticate(tokens), only('operator'), async (req, res) => {
    try {
      res.json(await cache.at('organization', { organization: String(req.params.organization) }).purge())
    } catch (error) {
      if (!isCacheError(error, 'ERR_CACHE_STORE')) throw error
      res.status(503).json({ error: 'Redis does not answer: some keys may be left. Try again' })
    }
  })

  app.use(cacheContext({ cache, identity }))

  app.post('/login', async (req, res) => {
    const login = readLogin(req.body)
    const claims = login && (await billing.authenticate(login.organization, login.user, login.password))
    if (!claims) return res.status(401).json({ error: 'Organization, user and password do not belong together' })
    return res.json({ token: await tokens.issue(claims) })
  })

  // Routes have names, so that processes of an older and a newer release agree on which is which.
  app.get('/plans', cacheMiddleware({ name: 'plans', scope: 'global', ttl: '10m' }), async (_req, res) => {
    res.set('Cache-Control', 'public, max-age=600').json(await billing.plans())
  })

  // For a load balancer. A Redis that is down makes this process slower, not unable: it stays in service.
  app.get('/health', (_req, res) => {
    res.json(cache.health())
  })

  app.use(authenticate(tokens))

  const invoices = { tags: ['invoices'] }
  app.get('/me', cacheMiddleware({ name: 'me', scope: 'user', ttl: '1m', ...invoices }), async (req, res) => {
    res.json(await billing.dashboard(req.auth.org_id, req.auth.sub))
  })

  app.get(
    '/reports/monthly',
    cacheMiddleware({ name: 'monthly-report', scope: 'organization', ttl: '10m', ...invoices }),
    async (req, res) => {
      res.json(await billing.monthlyReport(req.auth.org_id, readYear(req.query.year)))
    },
  )

  // `lease`: one load among all processes. Who comes meanwhile waits for it, five seconds at the most.
  const topCustomers = cache.wrap((organization: string, limit: number) => billing.topCustomers(organization, limit), {
    name: 'top-customers',
    scope: 'organization',
    ttl: '10m',
    lease: '5s',
    ...invoices,
  })
  app.get('/customers/top', async (req, res) => {
    res.json(await topCustomers(req.auth.org_id, 5))
  })

  app.post('/invoices', async (req, res) => {
    const invoice = readInvoice(req.body)
    if (!invoice) return res.status(400).json({ error: 'customer, issuedOn, currency and amountCents are needed' })
    const added = await billing.addInvoice(req.auth.org_id, req.auth.sub, invoice)
    const { applied } = await req.cache.at('organization').invalidateTags(['invoices'])
    // `false`: Redis does not answer. This process knows already; the others will when Redis is back.
    return res.status(201).set('X-Invalidation-Applied', String(applied)).json(added)
  })

  app.get('/stats', (req, res) => {
    res.json(cache.at('organization', { organization: req.auth.org_id }).stats())
  })

  // Everything of the caller's organization, at a constant cost.
  app.delete('/cache', only('owner'), async (req, res) => {
    res.json(await req.cache.at('organization').invalidate())
  })

  return { app, cache }
}

const only =
  (role: string): RequestHandler =>
  (req, res, next) => {
    if (req.auth.role === role) return next()
    res.status(403).json({ error: `Only an ${role} may do this` })
  }
