import { answerFetch, headerFields, replayHeaders, Route, type MiddlewareOptions, type Replay } from '@cacheado/core/http'
import type { Context, MiddlewareHandler } from 'hono'
import type { CacheVariables } from './cache-variables.js'
import { honoRequest } from './hono-request.js'

/** Options of {@link cacheMiddleware}. */
export type HonoRouteOptions = MiddlewareOptions<Context>

/**
 * Caches the responses of a route in the scope of who asks. Mount it on the route, after authentication and authorization and
 * before the handler: a hit answers in place of everything that comes after. Where the caller cannot be placed at the level, the
 * handler simply runs and nothing is kept.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option; on the first request where there is no cache
 * @example
 * ```ts
 * app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (c) => c.json({ … }))
 * ```
 */
export function cacheMiddleware(options: HonoRouteOptions): MiddlewareHandler<{ Variables: CacheVariables }> {
  const route = new Route<Context>(options, 'cacheMiddleware')
  return async function cacheMiddleware(c, next) {
    const context = route.contextOf(c, () => honoRequest(c))
    c.set('cache', context.cache)
    const { raw } = c.req
    const response = await answerFetch(route.cacheFor(context), context, {
      request: raw,
      async run(request) {
        c.req.raw = request
        await context.run(next)
        c.req.raw = raw
        return c.res
      },
      error: () => c.error,
      before: () => headerFields(c.res.headers),
      replay: (replay) => replayOn(c, replay),
      waitUntil: waitUntilOf(c),
    })
    return settle(c, response)
  }
}

/** A stored response, made by Hono: so headers that outer middlewares have prepared are on it, too. */
function replayOn(c: Context, replay: Replay): Response {
  return c.newResponse((replay.body ?? null) as never, replay.status as never, replayHeaders(replay))
}

/** A response that did not come from the handlers below takes their answer's place. */
function settle(c: Context, response: Response): Response | void {
  if (!c.finalized) return response
  if (response === c.res) return
  // Hono's setter merges the headers of a response that is there.
  ;(c as { res: Response | undefined }).res = undefined
  c.res = response
}

/** Keeps a Worker alive while a body is recorded, where the platform has such a thing. */
function waitUntilOf(c: Context): ((work: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = c
    return (work) => executionCtx.waitUntil(work)
  } catch {
    return undefined
  }
}
