import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'
import { TTL, setAll } from '../keyspace.js'

/** `bentocache` with its Redis driver alone. */
export const bentocache = {
  configuration: 'bentostore({ ttl }).useL2Layer(redisDriver({ connection }))',
  async create({ url, keyspace }) {
    const connection = new Redis(url)
    const redis = bentostore({ ttl: TTL }).useL2Layer(redisDriver({ connection }))
    const cache = new BentoCache({ default: 'redis', stores: { redis } })
    const { longKeys } = keyspace
    return {
      read: (place) => cache.get({ key: longKeys[place] }),
      fill: () => setAll(keyspace, ({ longKey, value }) => cache.set({ key: longKey, value })),
    }
  },
}
