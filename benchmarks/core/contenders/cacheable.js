import { Cacheable, createKeyv } from 'cacheable'
import { TTL } from './ttl.js'

/** `cacheable` with its memory store alone, bounded, values kept as they are. */
export const cacheable = {
  name: 'cacheable',
  configuration: 'new Cacheable({ primary: createKeyv({ lruSize, useClone: false }), ttl })',
  create: ({ size }) => new Cacheable({ primary: createKeyv({ lruSize: size, useClone: false }), ttl: TTL }),
  async fill(cache, { longKeys, values }) {
    for (const [at, key] of longKeys.entries()) await cache.set(key, values[at])
  },
  async fillTenants(cache, { tenants, tenantOf, shortKeys, values }) {
    for (const [at, key] of shortKeys.entries()) await cache.set(`${tenants[tenantOf[at]]}:${key}`, values[at])
  },
  expressions: {
    hit: 'cache.get(longKey)',
    tenantHit: 'cache.get(`${tenant}:${shortKey}`)',
    miss: 'cache.get(absentLongKey)',
    set: 'cache.set(longKey, value)',
    setNew: 'cache.set(newLongKey, value)',
    getOrSetAsync: 'cache.getOrSet(longKey, load)',
  },
  /** It knows no groups of keys: all are looked at, as its documentation says how. */
  invalidateTenant(cache, tenant) {
    const found = []
    for (const { key } of cache.primary.store.store.items) if (key.startsWith(`${tenant}:`)) found.push(key)
    return cache.deleteMany(found)
  },
}
