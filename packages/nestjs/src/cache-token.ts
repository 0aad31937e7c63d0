import { ScopedCache } from '@cacheado/core'

/**
 * The injection token of a cache: the class `ScopedCache` itself or, for a named one, what `@Inject()` needs:
 * `constructor(@Inject(getCacheToken('reports')) private readonly reports: ScopedCache) {}`.
 */
export function getCacheToken(name?: string): symbol | typeof ScopedCache {
  return name === undefined ? ScopedCache : Symbol.for(`cacheado.cache.${name}`)
}

/** Under which instances and methods keep what belongs to the cache of that name. */
export function slotOf(name?: string): symbol {
  return Symbol.for(`cacheado.nestjs.${name ?? ''}`)
}
