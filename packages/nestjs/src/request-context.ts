import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { CacheError } from '@cacheado/core'
import { carrierOf, type ContextDefinition, type RequestCache as Cache, type RequestContext } from '@cacheado/core/http'
import { NodeRequest, watchWrites } from '@cacheado/core/http/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { slotOf } from './cache-token.js'

type Next = (error?: unknown) => void

/** The middleware of every request: what runs behind it knows the caller, as soon as guards have found out who that is. */
export function cacheContext(definition: ContextDefinition, slot: symbol) {
  return function cacheContext(request: IncomingMessage, response: ServerResponse, next: Next): void {
    const context = definition.make(new NodeRequest(request))
    carrierOf(request)[slot] = context
    watchWrites(context, response)
    const running = context.run(next)
    if (running instanceof Promise) running.catch(next)
  }
}

/** The context of a request; Fastify's holds Node's. @throws CacheError `ERR_CACHE_CONFIG` where no module opened one */
export function contextOf(request: { readonly raw?: object }, slot: symbol): RequestContext {
  const context = carrierOf(request.raw ?? request)[slot] as RequestContext | undefined
  if (context !== undefined) return context
  throw new CacheError('ERR_CACHE_CONFIG', 'imports: expected CacheadoModule, with the name that is used here')
}

/**
 * Injects the cache for the caller of this request into a handler: `@RequestCache() cache: RequestCache`. It is for what only
 * the handler knows of its response: `cache.tags('invoice:7')`, `cache.ttl('1h')`, `cache.skip()`. Its argument names the cache.
 */
export const RequestCache = createParamDecorator((name: string | undefined, context: ExecutionContext): Cache => {
  return contextOf(context.switchToHttp().getRequest<object>(), slotOf(name)).cache
})
/** The cache for the caller of one request. */
export type RequestCache = Cache
