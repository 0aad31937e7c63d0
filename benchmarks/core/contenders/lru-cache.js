import { LRUCache } from 'lru-cache'
import { TTL } from './ttl.js'

/** `lru-cache` with a time to live. Its loads are methods of the cache: `memo` the synchronous, `fetch` the other. */
export const lruCache = {
  name: 'lru-cache',
  configuration: 'new LRUCache({ max, ttl }), with memoMethod or fetchMethod where it loads',
  create: ({ size, memo, fetch }) =>
    new LRUCache({
      max: size,
      ttl: TTL,
      ...(memo && { memoMethod: memo }),
      ...(fetch && { fetchMethod: async (key) => fetch(key) }),
    }),
  fill: (cache, { longKeys, values }) => longKeys.forEach((key, at) => cache.set(key, values[at])),
  fillTenants: (cache, { tenants, tenantOf, shortKeys, values }) =>
    shortKeys.forEach((key, at) => cache.set(`${tenants[tenantOf[at]]}:${key}`, values[at])),
  expressions: {
    hit: 'cache.get(longKey)',
    tenantHit: 'cache.get(`${tenant}:${shortKey}`)',
    miss: 'cache.get(absentLongKey)',
    set: 'cache.set(longKey, value)',
    setNew: 'cache.set(newLongKey, value)',
    getOrSet: 'cache.memo(longKey)',
    getOrSetAsync: 'cache.fetch(longKey)',
  },
  /** It knows no groups of keys: all are looked at. */
  invalidateTenant(cache, tenant) {
    const prefix = `${tenant}:`
    for (const key of cache.keys()) if (key.startsWith(prefix)) cache.delete(key)
  },
}
