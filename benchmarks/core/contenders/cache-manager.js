import { createKeyv } from 'cacheable'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { TTL } from './ttl.js'

const expressions = {
  hit: 'cache.get(longKey)',
  tenantHit: 'cache.get(`${tenant}:${shortKey}`)',
  miss: 'cache.get(absentLongKey)',
  set: 'cache.set(longKey, value)',
  getOrSetAsync: 'cache.wrap(longKey, load)',
}

async function fill(cache, { longKeys, values }) {
  for (const [at, key] of longKeys.entries()) await cache.set(key, values[at])
}

/** `cache-manager` over a `Map`, values kept as they are: its fastest store, without a bound. */
export const cacheManager = {
  name: 'cache-manager',
  configuration: 'createCache({ stores: [new Keyv() without serialization], ttl })',
  create: () => {
    const store = new Keyv()
    store.serialize = undefined
    store.deserialize = undefined
    return createCache({ stores: [store], ttl: TTL })
  },
  fill,
  async fillTenants(cache, { tenants, tenantOf, shortKeys, values }) {
    for (const [at, key] of shortKeys.entries()) await cache.set(`${tenants[tenantOf[at]]}:${key}`, values[at])
  },
  expressions,
  /** It knows no groups of keys: all are looked at, as its documentation says how. */
  async invalidateTenant(cache, tenant) {
    const found = []
    for await (const [key] of cache.stores[0].iterator({})) if (key.startsWith(`${tenant}:`)) found.push(key)
    await cache.mdel(found)
  },
}

/** `cache-manager` with a bound, for where somebody has to leave. */
export const boundedCacheManager = {
  name: 'cache-manager',
  configuration: 'createCache({ stores: [createKeyv({ lruSize, useClone: false })], ttl })',
  create: ({ size }) => createCache({ stores: [createKeyv({ lruSize: size, useClone: false })], ttl: TTL }),
  fill,
  expressions: { setNew: 'cache.set(newLongKey, value)' },
}
