import { configError } from '../cache-error.js'
import type { HttpRequest } from './http-request.js'
import type { HttpSettings } from './http-settings.js'
import { ContextDefinition, contextOf, type RequestContext } from './request-context.js'
import { ResponseCache } from './response-cache.js'
import type { MiddlewareOptions } from './route-options.js'
import { routePlan, type RoutePlan } from './route-plan.js'

/** One cached route, as an adapter holds it. */
export class Route<Native = unknown> {
  readonly plan: RoutePlan
  readonly #own: ContextDefinition<Native> | undefined
  readonly #caches = new WeakMap<HttpSettings, ResponseCache>()

  /**
   * @param option what errors call the options
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
   */
  constructor(options: MiddlewareOptions<Native>, option = 'cacheMiddleware') {
    this.plan = routePlan(options, option)
    const { cache, identity } = options
    if (cache === undefined && identity !== undefined) throw configError(`${option}.cache`, 'a cache beside identity')
    this.#own = cache === undefined ? undefined : new ContextDefinition({ cache, identity })
    if (cache !== undefined && typeof cache !== 'function')
      this.#own?.settingsOf(cache).engine.forest.level(this.plan.level)
  }

  /**
   * The context of a request: its own where the route has a cache, else the one that `cacheContext` opened.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` where there is neither
   */
  contextOf(native: object, request: () => HttpRequest): RequestContext {
    const context = this.#own ? this.#own.make(request()) : contextOf(native)
    if (context === undefined) {
      throw configError('cacheMiddleware.cache', 'a cache, or cacheContext({ cache, … }) mounted before it')
    }
    return context
  }

  /** The engine of this route for the cache of a request. */
  cacheFor({ settings }: RequestContext): ResponseCache {
    let cache = this.#caches.get(settings)
    if (cache === undefined) {
      cache = new ResponseCache(this.plan, settings)
      this.#caches.set(settings, cache)
    }
    return cache
  }
}
