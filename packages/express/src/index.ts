/**
 * Express response caching per user, per organization, or for everybody; for Express 4 and 5.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { claim, identityFrom } from '@cacheado/core/identity'
 * import { cacheContext, cacheMiddleware } from '@cacheado/express'
 * import express from 'express'
 *
 * const cache = createCache({ scopes: { organization: 'global', user: 'organization' } })
 * const identity = identityFrom({ organization: claim('org_id'), user: claim('sub') })
 *
 * const app = express()
 * app.use(cacheContext({ cache, identity }))
 * app.use(authenticate) // sets req.auth
 * app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (req, res) => res.json({ … }))
 * ```
 *
 * @module
 */
export { cacheContext, type ExpressContextOptions } from './cache-context.js'
export { cacheMiddleware, type ExpressRouteOptions } from './cache-middleware.js'
export type { ExpressMiddleware } from './express-middleware.js'
export type { RequestCache } from '@cacheado/core/http'
