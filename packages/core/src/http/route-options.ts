import type { Duration } from '../duration.js'
import type { OnMissingScope } from '../engine.js'
import type { Key } from '../key-text.js'
import type { ByteSize } from '../memory/byte-size.js'
import type { Level } from '../scope-types.js'
import type { ContextOptions } from './http-settings.js'

/**
 * How the responses of one route are cached: the options of `cacheMiddleware` and `@CacheScope`. `Native` is the framework's
 * own request, which the functions here get.
 *
 * What the handler's own headers say (`Cache-Control`, `Expires`, `Vary`) always counts; these options speak where it is silent.
 */
export interface RouteOptions<Native = unknown> {
  /** Who shares a response: a declared level, or `'global'` for everybody. */
  readonly scope: Level
  /**
   * How long a response is fresh that says nothing itself; such a response is stored with status 200 only, and with
   * {@link statuses}. 0: only what the handler's own headers allow is stored. Default: the cache's `ttl`.
   */
  readonly ttl?: Duration | 'max' | undefined
  /**
   * How long past its freshness a response may be served while one request renews it. Default: the cache's, but 0 at
   * personal levels. Never where the response says `must-revalidate` or the like, never after an invalidation.
   */
  readonly staleWhileRevalidate?: Duration | undefined
  /**
   * How long past its freshness a response may be served instead of a 500, 502, 503 or 504. Default: the cache's, but 0 at
   * personal levels. Never where the response says `must-revalidate` or the like, never after an invalidation.
   */
  readonly staleIfError?: Duration | undefined
  /** Names by which responses can be invalidated together; at most 16. Handlers add more with `req.cache.tags()`. */
  readonly tags?: readonly string[] | ((native: Native) => readonly string[]) | undefined
  /** What a response depends on besides its scope and URL. */
  readonly varyBy?:
    | {
        /** Request headers. What the handler names in `Vary` counts without being listed. */
        readonly headers?: readonly string[] | undefined
        /** Verified claims (`'role'`), by their exact names. A request of which none are known is not cached. */
        readonly claims?: readonly string[] | undefined
      }
    | undefined
  /**
   * What stands for the URL in the key. Such a route needs a {@link name}, and requests that write to its URLs do not
   * invalidate it: use {@link tags}. Default: the request target as received, byte for byte.
   */
  readonly key?: ((native: Native) => Key) | undefined
  /**
   * Query parameters that the handler ignores (`utm_source`): left out of the key, where their names are spelled exactly like
   * this. All others count, in their order.
   */
  readonly query?: { readonly ignore: readonly string[] } | undefined
  /** Statuses besides 200 that live by {@link ttl} (203, 301, 308, 404 and 410 are sensible). */
  readonly statuses?: readonly number[] | undefined
  /** Larger bodies are not stored; they stream on. Default: `'1mb'`. */
  readonly maxBodyBytes?: ByteSize | undefined
  /** Response headers that are sent and not stored. */
  readonly omitHeaders?: readonly string[] | undefined
  /**
   * What becomes of a response that sets cookies. `'store'` stores it, cookies and all, for whoever shares the scope;
   * `{ drop: ['sid'] }` stores it without the named ones. Default: it is not stored.
   */
  readonly setCookie?: 'store' | { readonly drop: readonly string[] } | undefined
  /** `'global'`: requests that carry no credential at all share one response among them. Default: they are not cached. */
  readonly anonymous?: 'global' | undefined
  /**
   * `'ignore'`: on a `global` route requests with credentials share like all others. Default: they bypass the cache unless
   * the handler says `public`, `must-revalidate` or `s-maxage` (RFC 9111 §3.5).
   */
  readonly credentials?: 'ignore' | undefined
  /** What a request does whose caller cannot be placed. Default: the cache's choice. */
  readonly onMissingScope?: OnMissingScope | undefined
  /** Requests for which this is true are answered by the handler, and nothing is stored. */
  readonly skip?: ((native: Native) => boolean) | undefined
  /** Responses of this route kept at the most, in all scopes together. Default: only the cache's own bound. */
  readonly maxEntries?: number | undefined
  /** Names the route; unique within the cache, the same in every process. Default: numbered in order of definition. */
  readonly name?: string | undefined
}

/** Options of a middleware: a route's, and which cache and who asks where `cacheContext` is not used. */
export type MiddlewareOptions<Native = unknown> = RouteOptions<Native> &
  Partial<Pick<ContextOptions<Native>, 'cache' | 'identity'>>
