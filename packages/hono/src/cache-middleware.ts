import {
  answerFetch,
  headerFields,
  replayHeaders,
  Route,
  type MiddlewareOptions,
  type Replay,
} from '@cacheado/core/http'
import type { Context, MiddlewareHandler, Next } from 'hono'
import type { CacheVariables } from './cache-variables.js'
import { honoRequest } from './hono-request.js'

type Answer = Response | void

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
  // Not an async function: a hit makes no promise here. Hono takes a response as it takes a promise of one.
  const middleware = function cacheMiddleware(c: Context, next: Next): Answer | Promise<Answer> {
    const context = route.contextOf(c, () => honoRequest(c))
    c.set('cache', context.cache)
    const { raw } = c.req
    const answer = answerFetch(route.cacheFor(context), context, {
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
      skipped: () => middlewaresAfter(c, middleware),
      waitUntil: (work) => keepAlive(c, work),
    })
    return answer instanceof Promise ? answer.then((response) => settle(c, response)) : settle(c, answer)
  }
  return middleware as MiddlewareHandler<{ Variables: CacheVariables }>
}

/** Names the middlewares matched after this one that a hit answers without running; the handler itself is none of them. */
function middlewaresAfter(c: Context, middleware: unknown): readonly string[] {
  // Not `matchedRoutes` of hono/route: where CommonJS meets ESM, another copy of Hono than the application's would be asked.
  const handlers = c.req.matchedRoutes.map((route) => route.handler as { readonly name: string })
  const at = handlers.findIndex((handler) => handler === middleware)
  return at === -1 ? [] : handlers.slice(at + 1, -1).map(({ name }) => (name === '' ? 'an unnamed middleware' : name))
}

/** A stored response, made by Hono: so headers that outer middlewares have prepared are on it, too. */
function replayOn(c: Context, replay: Replay): Response {
  return c.newResponse((replay.body ?? null) as never, replay.status as never, replayHeaders(replay))
}

/** A response that did not come from the handlers below takes their answer's place. */
function settle(c: Context, response: Response): Answer {
  if (!c.finalized) return response
  if (response === c.res) return
  // Hono's setter merges the headers of a response that is there.
  ;(c as { res: Response | undefined }).res = undefined
  c.res = response
}

/** Keeps a Worker alive while a body is recorded. Asked for only then: where there is none, Hono's getter makes an error. */
function keepAlive(c: Context, work: Promise<unknown>): void {
  let executionCtx: Context['executionCtx']
  try {
    executionCtx = c.executionCtx
  } catch {
    return
  }
  executionCtx.waitUntil(work)
}
