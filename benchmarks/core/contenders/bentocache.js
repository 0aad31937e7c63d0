import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { TTL } from './ttl.js'

/** `bentocache` with its memory driver alone, values kept as they are. What is `tenant:key` here is `key` in its namespace. */
export const bentocache = {
  name: 'bentocache',
  configuration: 'bentostore({ ttl }).useL1Layer(memoryDriver({ maxItems, serialize: false }))',
  create: ({ size }) => {
    const memory = bentostore({ ttl: TTL }).useL1Layer(memoryDriver({ maxItems: size, serialize: false }))
    return new BentoCache({ default: 'memory', stores: { memory } })
  },
  async fill(cache, { longKeys, values }) {
    for (const [at, key] of longKeys.entries()) await cache.set({ key, value: values[at] })
  },
  async fillTenants(cache, { tenants, tenantOf, shortKeys, values }) {
    for (const [at, key] of shortKeys.entries()) {
      await cache.set({ key: `${tenants[tenantOf[at]]}:${key}`, value: values[at] })
    }
  },
  expressions: {
    hit: 'cache.get({ key: longKey })',
    tenantHit: 'cache.get({ key: `${tenant}:${shortKey}` })',
    miss: 'cache.get({ key: absentLongKey })',
    set: 'cache.set({ key: longKey, value })',
    setNew: 'cache.set({ key: newLongKey, value })',
    getOrSetAsync: 'cache.getOrSet({ key: longKey, factory: load })',
  },
  invalidateTenant: (cache, tenant) => cache.namespace(tenant).clear(),
}
