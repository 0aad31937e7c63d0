// One library in a process of its own: writes one entry of a tenant, and clears that tenant.
import { createCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import KeyvRedis from '@keyv/redis'
import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { Cacheable } from 'cacheable'
import { Redis } from 'ioredis'
import { Keyv } from 'keyv'
import { offer } from '../processes.js'
import { SAMPLE, TTL } from './keyspace.js'
import { listening } from './listening.js'

const LIBRARIES = { cacheado, bentocache, cacheable }
const VALUE = { id: 42, total: 4200, currency: 'EUR', note: 'n'.repeat(50) }

const [library, url] = process.argv.slice(2)
const { set, clear } = await LIBRARIES[library]()

offer({
  sample: ({ tenant }) => set(tenant),
  async clear({ tenant }) {
    const started = process.hrtime.bigint()
    await clear(tenant)
    return Number(process.hrtime.bigint() - started)
  },
})
process.send('ready')

async function cacheado() {
  const remote = redisStore({ url, readTimeout: '5s', writeTimeout: '5s' })
  const cache = createCache({ scopes: { organization: 'global' }, ttl: TTL, remote })
  await listening(cache)
  const scopeOf = (organization) => cache.at('organization', { organization })
  return {
    set: (tenant) => scopeOf(tenant).set(SAMPLE, VALUE),
    async clear(tenant) {
      const { applied } = await scopeOf(tenant).invalidate()
      if (!applied) throw new Error('the invalidation is queued')
    },
  }
}

function bentocache() {
  const redis = bentostore({ ttl: TTL }).useL2Layer(redisDriver({ connection: new Redis(url) }))
  const cache = new BentoCache({ default: 'redis', stores: { redis } })
  return {
    set: (tenant) => cache.namespace(tenant).set({ key: SAMPLE, value: VALUE }),
    clear: (tenant) => cache.namespace(tenant).clear(),
  }
}

/** It knows no groups of keys: a tenant is a cache with a namespace of its own. */
function cacheable() {
  const caches = new Map()
  const cacheOf = (tenant) => {
    let cache = caches.get(tenant)
    if (cache === undefined) {
      const primary = new Keyv(new KeyvRedis(url), { namespace: tenant })
      caches.set(tenant, (cache = new Cacheable({ primary, ttl: TTL, namespace: tenant })))
    }
    return cache
  }
  return {
    set: (tenant) => cacheOf(tenant).set(SAMPLE, VALUE),
    clear: (tenant) => cacheOf(tenant).clear(),
  }
}
