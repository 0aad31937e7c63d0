import { ContextDefinition, type ContextOptions } from '@cacheado/core/http'
import { exposeCache, NodeRequest, watchWrites } from '@cacheado/core/http/node'
import type { Request } from 'express'
import type { ExpressMiddleware } from './express-middleware.js'

/** Options of {@link cacheContext}. */
export type ExpressContextOptions = ContextOptions<Request>

/**
 * Says once for the application which cache there is and who asks. Mount it before the routes; before or after authentication,
 * since the identity is asked for when it is first needed. Behind it `req.cache` is the caller's own cache, `cache.current()` and
 * wrapped functions know the caller, and requests that write invalidate what their URL's responses were.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 * @example
 * ```ts
 * app.use(cacheContext({ cache, identity: identityFrom({ organization: claim('org_id'), user: claim('sub') }) }))
 * ```
 */
export function cacheContext(options: ExpressContextOptions): ExpressMiddleware {
  const definition = new ContextDefinition<Request>(options)
  return function cacheContext(request, response, next) {
    const context = definition.open(new NodeRequest(request))
    exposeCache(request.app)
    watchWrites(context, response)
    const running = context.run(next)
    if (running instanceof Promise) running.catch(next)
  }
}
