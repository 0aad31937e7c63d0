import type { RequestCache } from '@cacheado/core/http'

/** What the middlewares set on Hono's context: `new Hono<{ Variables: CacheVariables }>()`. */
export interface CacheVariables {
  /** The caller's own cache, behind `cacheContext` or `cacheMiddleware`. */
  cache: RequestCache
}
