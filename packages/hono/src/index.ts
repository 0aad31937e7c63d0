/**
 * Hono response caching per user, per organization, or for everybody; on Node, Bun, Deno and Workers.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { claim, identityFrom } from '@cacheado/core/identity'
 * import { cacheContext, cacheMiddleware, type CacheVariables } from '@cacheado/hono'
 * import { Hono } from 'hono'
 * import { jwt } from 'hono/jwt'
 *
 * const cache = createCache({ scopes: { organization: 'global', user: 'organization' } })
 * const identity = identityFrom({ organization: claim('org_id'), user: claim('sub') })
 *
 * const app = new Hono<{ Variables: CacheVariables }>()
 * app.use(cacheContext({ cache, identity }))
 * app.use(jwt({ secret, alg: 'HS256' }))
 * app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (c) => c.json({ … }))
 * ```
 *
 * @module
 */
export { cacheContext, type HonoContextOptions } from './cache-context.js'
export { cacheMiddleware, type HonoRouteOptions } from './cache-middleware.js'
export type { CacheVariables } from './cache-variables.js'
export type { RequestCache } from '@cacheado/core/http'
