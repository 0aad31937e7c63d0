import { createCache } from '../create-cache.js'
import type { CacheOptions } from '../engine.js'
import type { ScopedCache } from '../scoped-cache.js'
import { manualClock, type ManualClock } from './manual-clock.js'

/** Options of {@link createTestCache}: those of `createCache`, with a manual clock. */
export type TestCacheOptions = Omit<CacheOptions, 'clock'> & {
  /** Default: a new one. */
  readonly clock?: ManualClock | undefined
}

/** What {@link createTestCache} makes. */
export interface TestCache {
  readonly cache: ScopedCache
  readonly clock: ManualClock
}

/**
 * A cache for tests: time stands still until the test moves it, and values are frozen unless the options say otherwise, so
 * that code which changes a cached object fails where it does so.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 * @example
 * ```ts
 * const { cache, clock } = createTestCache({ scopes: { organization: 'global' }, ttl: '1m', staleWhileRevalidate: '1m' })
 * const acme = cache.at('organization', { organization: 'acme' })
 * let loads = 0
 * const load = () => ++loads
 * await acme.getOrSet('report', load) // 1
 * clock.advance('90s')
 * await acme.getOrSet('report', load) // 1: stale, and a reload has begun
 * await cache.settled()
 * await acme.getOrSet('report', load) // 2
 * ```
 */
export function createTestCache(options: TestCacheOptions = {}): TestCache {
  const clock = options.clock ?? manualClock()
  return { cache: createCache({ values: 'freeze', ...options, clock }), clock }
}
