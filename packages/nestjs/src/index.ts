/** A multi-tenant cache for NestJS 11 and 12: responses with `@CacheScope`, methods with `@Cached`. @module */
export { CacheadoModule } from './cacheado.module.js'
export type { CacheadoModuleAsyncOptions, CacheadoModuleOptions, CacheadoModuleShape } from './cacheado.module.js'
export { getCacheToken } from './cache-token.js'
export { CacheInterceptor } from './cache.interceptor.js'
export { CacheScope, type CacheScopeOptions } from './cache-scope.decorator.js'
export { RequestCache } from './request-context.js'
export { Cached, CachedSync, type CachedOptions } from './cached.decorator.js'
export { InvalidateScope, type InvalidateScopeOptions } from './invalidate-scope.decorator.js'
