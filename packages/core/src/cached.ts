import { configError } from './cache-error.js'
import type { ScopedCache } from './scoped-cache.js'
import type { WrapOptions } from './wrap.js'

/** Options of {@link Cached}: those of `wrap`, and which cache. `A` are the method's parameters where `key` or `identity` reads them. */
export interface CachedOptions<A extends readonly unknown[] = never[], R = unknown> extends WrapOptions<A, R> {
  /** The cache, or a function that gives it when the method is first called. */
  readonly cache: ScopedCache | (() => ScopedCache)
}

/** A method decorator of both kinds: the standard one (TC39, stage 3) and that of TypeScript's `experimentalDecorators`. */
export interface CachedDecorator<A extends readonly unknown[], R> {
  <M extends (...args: A) => R>(method: M, context: ClassMethodDecoratorContext): M
  <M extends (...args: A) => R>(prototype: object, name: string | symbol, descriptor: TypedPropertyDescriptor<M>): void
}

/**
 * Keeps the results of a method in the caller's scope; calls from within the class go through it too. `this` is no part of the
 * key: a method whose result depends on its instance needs a `key` that says how.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` where the name is missing
 * @example
 * ```ts
 * class Invoices {
 *   \@Cached({ cache, name: 'invoices.find', scope: 'organization', ttl: '10m' })
 *   async find(id: string): Promise<Invoice> { … }
 * }
 * ```
 */
export function Cached<A extends readonly unknown[] = never[]>(
  options: CachedOptions<A>,
): CachedDecorator<A, Promise<unknown>> {
  return decorate(
    options,
    (cache, method) => cache.wrap<A, unknown>(method as never, options as never) as unknown as Method,
  )
}

/** {@link Cached} for a synchronous method, which stays synchronous. */
export function CachedSync<A extends readonly unknown[] = never[]>(
  options: CachedOptions<A>,
): CachedDecorator<A, unknown> {
  return decorate(
    options,
    (cache, method) => cache.wrapSync<A, unknown>(method as never, options as never) as unknown as Method,
  )
}

type Method = (this: unknown, ...args: unknown[]) => unknown

function decorate<A extends readonly unknown[], R>(
  options: { readonly cache: CachedOptions['cache']; readonly name: string },
  wrap: (cache: ScopedCache, method: Method) => Method,
): CachedDecorator<A, R> {
  if (!options.name) throw configError('Cached.name', 'a name: `this` is no part of the key')
  const replace = (method: Method): Method => {
    const wrapped = new WeakMap<ScopedCache, Method>()
    return function (this: unknown, ...args: unknown[]): unknown {
      const cache = typeof options.cache === 'function' ? options.cache() : options.cache
      let cached = wrapped.get(cache)
      if (cached === undefined) wrapped.set(cache, (cached = wrap(cache, method)))
      return cached.apply(this, args)
    }
  }
  const decorator = (target: object, _name: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (descriptor === undefined) return replace(target as Method)
    descriptor.value = replace(descriptor.value as Method)
    return undefined
  }
  return decorator as CachedDecorator<A, R>
}
