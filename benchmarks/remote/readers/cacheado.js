import { createCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { listening } from '../listening.js'
import { ORGANIZATION, TTL, USER, setAll } from '../keyspace.js'

/** The deadline is there, and longer than by default: on a busy machine a read must not become a miss, which is fast. */
const readTimeout = '5s'
const IDS = { organization: ORGANIZATION, user: USER }

function reader({ level, memory, configuration }) {
  return {
    configuration,
    async create({ url, keyspace }) {
      const remote = redisStore({ url, prefix: `bench-${level}`, readTimeout })
      const cache = createCache({ scopes: { organization: 'global', user: 'organization' }, ttl: TTL, memory, remote })
      await listening(cache)
      const scope = cache.at(level, IDS)
      const { shortKeys } = keyspace
      return {
        read: (place) => scope.get(shortKeys[place]),
        fill: () => setAll(keyspace, ({ shortKey, value }) => scope.set(shortKey, value)),
      }
    },
  }
}

/** The memory tier is too small for the values; the scope's stamps are held. */
export const stampsInMemory = reader({
  level: 'organization',
  memory: { maxEntries: 100 },
  configuration: 'createCache({ scopes, ttl, memory: { maxEntries: 100 }, remote: redisStore({ url, readTimeout }) })',
})

const withoutMemory = 'createCache({ scopes, ttl, memory: false, remote: redisStore({ url, readTimeout }) })'

/** Every stamp is read with the value: of everything and of everything tagged, for the root and the organization. */
export const stampsInRedis = reader({
  level: 'organization',
  memory: false,
  configuration: `${withoutMemory}: value and 4 stamps`,
})

/** One level further down: two stamps more. */
export const stampsInRedisOfUser = reader({
  level: 'user',
  memory: false,
  configuration: `${withoutMemory}: value and 6 stamps`,
})
