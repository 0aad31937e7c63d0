import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { CacheError } from '@cacheado/core'
import type { RequestCache as CallersCache, RequestContext } from '@cacheado/core/http'
import { NodeRequest, watchWrites } from '@cacheado/core/http/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Binding } from './bind-decorated.js'
import { slotOf } from './cache-token.js'

type Carrier = { [slot: symbol]: RequestContext | undefined; readonly raw?: Carrier }
type Next = (error?: unknown) => void

/** The middleware of every request: what runs behind it knows the caller, as soon as guards have found out who that is. */
export function contextMiddleware({ context, slot }: Binding) {
  return function cacheContext(request: IncomingMessage, response: ServerResponse, next: Next): void {
    const opened = ((request as unknown as Carrier)[slot] = context.open(new NodeRequest(request)))
    watchWrites(opened, response)
    const running = opened.run(next)
    if (running instanceof Promise) running.catch(next)
  }
}

/** @throws CacheError `ERR_CACHE_CONFIG` where the application does not import the module */
export function contextOf(request: object, slot: symbol): RequestContext {
  const opened = (request as Carrier)[slot] ?? (request as Carrier).raw?.[slot]
  if (opened !== undefined) return opened
  throw new CacheError('ERR_CACHE_CONFIG', 'imports: expected CacheadoModule, with the name that is used here')
}

/** The cache for the caller of one request. */
export type RequestCache = CallersCache

/**
 * Injects the cache for the caller of this request into a handler: `@RequestCache() cache: RequestCache`. It is for what only the
 * handler knows about its response: `cache.tags('invoice:7')`, `cache.ttl('1h')`, `cache.skip()`. Its argument names the cache.
 */
export const RequestCache = createParamDecorator(
  (name: string | undefined, context: ExecutionContext): CallersCache => {
    return contextOf(context.switchToHttp().getRequest<object>(), slotOf(name)).cache
  },
)
