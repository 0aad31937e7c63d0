/**
 * A multi-tenant cache for NestJS 11 and 12: responses with `@CacheScope`, methods with `@Cached`, both in the caller's scope.
 *
 * @module
 */
export { CacheadoModule, type CacheadoModuleAsyncOptions } from './cacheado.module.js'
export type { CacheadoModuleOptions, CacheadoModuleShape } from './cacheado.module.js'
export { getCacheToken } from './cache-token.js'
export { CacheScope, type CacheScopeOptions } from './cache-scope.decorator.js'
export { CacheInterceptor } from './cache.interceptor.js'
export { RequestCache } from './request-context.js'
export { Cached, CachedSync, type CachedOptions } from './cached.decorator.js'
export { InvalidateScope, type InvalidateScopeOptions } from './invalidate-scope.decorator.js'
export type { MethodDecoratorOf } from './bound-method.js'
