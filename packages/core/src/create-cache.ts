import type { CacheOptions } from './engine.js'
import { ScopedCache } from './scoped-cache.js'

/**
 * Makes a cache. Does no I/O and starts no timer.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, with its path and what was expected
 * @example
 * ```ts
 * const cache = createCache({
 *   scopes: { organization: 'global', user: 'organization' },
 *   memory: { maxEntries: 10_000, maxBytes: '64mb' },
 *   ttl: '5m',
 * })
 * const alice = cache.at('user', { organization: 'org_123', user: 'user_456' })
 * const invoice = await alice.getOrSet(['invoice', 42], () => loadInvoice(42))
 * ```
 */
export function createCache(options: CacheOptions = {}): ScopedCache {
  return new ScopedCache(options)
}
