import { contextOf, Route, type MiddlewareOptions } from '@cacheado/core/http'
import { answerNode, NodeRequest } from '@cacheado/core/http/node'
import type { Request } from 'express'
import { noteErrors } from './errors-of-route.js'
import type { ExpressMiddleware } from './express-middleware.js'
import { middlewaresAfter } from './middlewares-after.js'

/** Options of {@link cacheMiddleware}. */
export type ExpressRouteOptions = MiddlewareOptions<Request>

/**
 * Caches the responses of a route in the scope of who asks. Mount it on the route, after authentication and authorization and
 * before the handler: a hit answers in place of everything that comes after. Where the caller cannot be placed at the level, the
 * handler simply runs and nothing is kept.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option; on the first request where there is no cache
 * @example
 * ```ts
 * app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), handler)
 * app.get('/report', cacheMiddleware({ scope: 'organization', ttl: '5m', varyBy: { claims: ['role'] } }), handler)
 * ```
 */
export function cacheMiddleware(options: ExpressRouteOptions): ExpressMiddleware {
  const route = new Route<Request>(options, 'cacheMiddleware')
  const middleware: ExpressMiddleware = function cacheMiddleware(request, response, next) {
    const context = route.contextOf(request, () => new NodeRequest(request))
    if (contextOf(request) !== context) request.cache = context.cache
    noteErrors(request)
    answerNode(route.cacheFor(context), context, {
      request,
      response,
      run() {
        const running = context.run(next)
        if (running instanceof Promise) running.catch(next)
      },
      fail: next,
      skipped: () => middlewaresAfter(request, middleware),
    })
  }
  return middleware
}
