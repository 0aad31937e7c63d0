import { ScopedCache } from '@cacheado/core'

/** The injection token of a cache: its class `ScopedCache`; of a named one, for `@Inject(getCacheToken('reports'))`. */
export function getCacheToken(name?: string): symbol | typeof ScopedCache {
  return name === undefined ? ScopedCache : slotOf(name)
}

/** Where instances keep the cache of that name, requests their context in it, methods what runs in their place. */
export function slotOf(name = ''): symbol {
  return Symbol.for(`cacheado.nestjs.${name}`)
}
