import { UseInterceptors } from '@nestjs/common'
import type { Level } from '@cacheado/core'
import type { RouteOptions } from '@cacheado/core/http'
import type { IncomingMessage } from 'node:http'
import { CacheInterceptor, ROUTE } from './cache.interceptor.js'

/** Options of {@link CacheScope}. Functions get the platform's request: give their parameter Express's `Request` as type. */
export interface CacheScopeOptions<Native = IncomingMessage> extends Omit<RouteOptions<Native>, 'scope'> {
  /** The name of the cache. Default: the one without a name. */
  readonly cache?: string | undefined
}

/**
 * Caches the responses of a handler, or of all handlers of a controller, in the scope of who asks. Guards run on every
 * request; on a hit handler, pipes and the controller's other interceptors do not, and global interceptors see `undefined`.
 * Where the caller cannot be placed the handler simply runs. Handlers of GraphQL, WebSockets and RPC are left alone.
 *
 * @throws CacheError at the start: `ERR_CACHE_CONFIG` for a bad option, `ERR_CACHE_SCOPE` for an undeclared level
 * @example `@CacheScope('user', { ttl: '1m' }) @Get('me') me(@Caller() caller: User) { … }`
 */
export function CacheScope<Native extends object = IncomingMessage>(
  scope: Level,
  options: CacheScopeOptions<Native> = {},
): MethodDecorator & ClassDecorator {
  return (target: object, _name?: string | symbol, handler?: { readonly value?: unknown }) => {
    const controller = (handler ? target.constructor : target) as () => void
    Reflect.defineMetadata(ROUTE, { ...options, scope }, (handler?.value as object) ?? controller)
    // Once, and before the controller's own interceptors: what these do belongs to the response that is stored.
    if (!Reflect.hasMetadata(CacheInterceptor, controller)) UseInterceptors(CacheInterceptor)(controller)
    Reflect.defineMetadata(CacheInterceptor, true, controller)
  }
}
