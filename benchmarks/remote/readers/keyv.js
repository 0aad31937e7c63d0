import KeyvRedis from '@keyv/redis'
import { createCache } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Keyv } from 'keyv'
import { TTL, setAll } from '../keyspace.js'

function reader({ configuration, createOver }) {
  return {
    configuration,
    async create({ url, keyspace }) {
      const cache = createOver(new Keyv(new KeyvRedis(url)))
      const { longKeys } = keyspace
      return {
        read: (place) => cache.get(longKeys[place]),
        fill: () => setAll(keyspace, ({ longKey, value }) => cache.set(longKey, value)),
      }
    },
  }
}

/** `cacheable` whose only store is Redis. */
export const cacheable = reader({
  configuration: 'new Cacheable({ primary: new Keyv(new KeyvRedis(url)), ttl })',
  createOver: (primary) => new Cacheable({ primary, ttl: TTL }),
})

/** `cache-manager` whose only store is Redis. */
export const cacheManager = reader({
  configuration: 'createCache({ stores: [new Keyv(new KeyvRedis(url))], ttl })',
  createOver: (store) => createCache({ stores: [store], ttl: TTL }),
})
