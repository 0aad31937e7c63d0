import type { ScopedCache, WrapOptions } from '@cacheado/core'
import { replaceMethod, type Method, type MethodDecoratorOf as Decorator } from './bound-method.js'

/** Options of {@link Cached}: those of `cache.wrap`. `A` are the method's parameters where `key` or `identity` reads them. */
export interface CachedOptions<A extends readonly unknown[] = never[]> extends Omit<WrapOptions<A, unknown>, 'name'> {
  /** Names the namespace; unique within the cache. Default: class and method, `'InvoicesService.find'`. */
  readonly name?: string | undefined
  /** The name of the cache. Default: the one without a name. */
  readonly cache?: string | undefined
}

/**
 * Keeps the results of a provider's method in the caller's scope; calls from within the class go through it, too. `this` is no
 * part of the key: instances of one class share. Where the caller cannot be placed the method simply runs.
 *
 * @throws CacheError when the application starts: `ERR_CACHE_CONFIG` for a bad option or a name that another class has
 * @example `@Cached({ scope: 'organization', ttl: '10m' }) async findInvoices(month: string): Promise<Invoice[]> { … }`
 */
export function Cached<A extends unknown[] = never[]>(options: CachedOptions<A>): Decorator<A> {
  return decorate(options, (cache, method, named) => cache.wrap(method, named))
}

/** {@link Cached} for a synchronous method, which stays synchronous. Reads this process's memory only. */
export function CachedSync<A extends unknown[] = never[]>(options: CachedOptions<A>): Decorator<A, unknown> {
  return decorate(options, (cache, method, named) => cache.wrapSync(method, named))
}

type Wrap = (cache: ScopedCache, method: Method, options: WrapOptions<unknown[], unknown>) => Method
function decorate({ cache: cacheName, ...options }: CachedOptions<never>, wrap: Wrap): Decorator<never, never> {
  return replaceMethod(cacheName, (cache, method, type) => {
    const named = { ...options, name: options.name ?? `${type.name}.${method.name}` }
    return wrap(cache, method, named as unknown as WrapOptions<unknown[], unknown>)
  })
}
