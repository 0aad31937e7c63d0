import { ContextDefinition, headerFields, type ContextOptions } from '@cacheado/core/http'
import type { Context, MiddlewareHandler } from 'hono'
import type { CacheVariables } from './cache-variables.js'
import { honoRequest } from './hono-request.js'

/** Options of {@link cacheContext}; `cache` may be `(c) => cache` where bindings come with the request. */
export type HonoContextOptions = ContextOptions<Context>

/**
 * Says once for the application which cache there is and who asks. Mount it before the routes; before or after authentication,
 * since the identity is asked for when it is first needed. Behind it `c.var.cache` is the caller's own cache, `cache.current()`
 * and wrapped functions know the caller, and requests that write invalidate what their URL's responses were.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 * @example
 * ```ts
 * app.use(cacheContext({ cache, identity: identityFrom({ organization: claim('org_id'), user: claim('sub') }) }))
 * ```
 */
export function cacheContext(options: HonoContextOptions): MiddlewareHandler<{ Variables: CacheVariables }> {
  const definition = new ContextDefinition<Context>(options)
  return async function cacheContext(c, next) {
    const context = definition.open(honoRequest(c))
    c.set('cache', context.cache)
    await context.run(next)
    if (context.writes) context.answered(c.res.status, headerFields(c.res.headers))
  }
}
