import { Inject, type Type } from '@nestjs/common'
import { ScopedCache, type Wrapped } from '@cacheado/core'
import { getCacheToken, slotOf } from './cache-token.js'
import { perPair } from './per-pair.js'

/** A method; a wrapped one has a namespace. */
export type Method = ((this: unknown, ...args: unknown[]) => unknown) & Partial<Pick<Wrapped<never>, 'namespace'>>
type Prototype = object & { readonly prototype?: undefined }
/** A decorator for methods of instances that take `A` and give `R`. */
export interface MethodDecoratorOf<A extends unknown[], R = Promise<unknown>> {
  <M extends (...args: A) => R>(on: Prototype, name: string | symbol, descriptor: TypedPropertyDescriptor<M>): void
}

/** What runs in place of a method, in a cache and for a class; one for each decorator. */
export function boundMethods(method: object, slot: symbol): readonly ((cache: ScopedCache, type: Type) => Method)[] {
  return (Reflect.getOwnMetadata(slot, method) ?? []) as []
}

type Make = (cache: ScopedCache, method: Method, type: Type) => Method

/**
 * Replaces methods. Nest injects the cache as a property into each instance it makes, so every application has its own; an
 * instance without one, made by hand in a unit test, runs the method as it was written.
 */
export function replaceMethod(cacheName: string | undefined, make: Make) {
  const slot = slotOf(cacheName)
  return (prototype: object, _name: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = descriptor.value as Method
    const bind = perPair((cache: ScopedCache, type: Type) => make(cache, method, type))
    const replacement: Method = function (this: unknown, ...args) {
      const { [slot]: cache, constructor } = Object(this) as { readonly [slot: symbol]: unknown; constructor: Type }
      return Reflect.apply(cache instanceof ScopedCache ? bind(cache, constructor) : method, this, args)
    }
    // What other decorators said of the method (routes, guards, events) holds for what runs in its place.
    const said = Reflect.getOwnMetadataKeys(method) as unknown[]
    for (const key of said) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), replacement)
    Reflect.defineMetadata(slot, [...boundMethods(method, slot), bind], replacement)
    descriptor.value = Object.defineProperty(replacement, 'name', { value: method.name })
    Inject(getCacheToken(cacheName))(prototype, slot)
  }
}
