import { Inject, type Type } from '@nestjs/common'
import { ScopedCache, type Wrapped } from '@cacheado/core'
import { getCacheToken, slotOf } from './cache-token.js'
import { perPair } from './per-pair.js'

/** A method as it is called. */
export interface Method extends Partial<Pick<Wrapped<never>, 'namespace'>> {
  (this: unknown, ...args: unknown[]): unknown
}

/** A decorator for methods that take `A` and give `R`. */
export interface MethodDecoratorOf<A extends readonly unknown[], R> {
  <M extends (...args: A) => R>(prototype: object, name: string | symbol, descriptor: TypedPropertyDescriptor<M>): void
}

/** What runs in place of a method, in that cache and for that class; several where it is decorated several times. */
export function boundMethods(method: object, slot: symbol): readonly ((cache: ScopedCache, type: Type) => Method)[] {
  return (Reflect.getOwnMetadata(slot, method) ?? []) as []
}

/**
 * Replaces methods. Nest injects the cache as a property into each instance it makes, so every application has its own; an
 * instance without one, made by hand in a unit test, runs the method as it was written.
 */
export function replaceMethod(
  name: string | undefined,
  make: (cache: ScopedCache, method: Method, type: Type) => Method,
) {
  const slot = slotOf(name)
  return (prototype: object, _name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = descriptor.value as Method
    const bind = perPair((cache: ScopedCache, type: Type) => make(cache, method, type))
    const replacement: Method = function (this: unknown, ...args) {
      const self = this as { readonly [slot: symbol]: unknown; readonly constructor: Type } | undefined
      const cache = self?.[slot]
      return Reflect.apply(self && cache instanceof ScopedCache ? bind(cache, self.constructor) : method, this, args)
    }
    // What other decorators said of the method (routes, guards, events) holds for what runs in its place.
    for (const key of Reflect.getOwnMetadataKeys(method)) {
      Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), replacement)
    }
    Reflect.defineMetadata(slot, [...boundMethods(method, slot), bind], replacement)
    descriptor.value = Object.defineProperty(replacement, 'name', { value: method.name })
    Inject(getCacheToken(name))(prototype, slot)
  }
}
