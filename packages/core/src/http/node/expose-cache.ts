import { contextOf } from '../request-context.js'

/**
 * Gives every request of an application a property `cache`, its own cache: on the prototype that these requests share, once,
 * since a property on each of them is dear. A request without context has `undefined` there.
 *
 * @param application Express's, whose `request` is what its requests inherit from
 */
export function exposeCache(application: object): void {
  const { request: prototype } = application as { readonly request: object }
  if (Object.hasOwn(prototype, 'cache')) return
  Object.defineProperty(prototype, 'cache', {
    configurable: true,
    get(this: object) {
      return contextOf(this)?.cache
    },
    // Whoever sets it has a cache of its own, a route with `cache` among its options.
    set(this: object, cache: unknown) {
      Object.defineProperty(this, 'cache', { value: cache, configurable: true, writable: true, enumerable: true })
    },
  })
}
