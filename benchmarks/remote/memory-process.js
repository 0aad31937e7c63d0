// One row of memory hits, in a process of its own.
import { createCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { runThroughput } from '../core/throughput-case.js'
import { offer } from '../processes.js'
import { ORGANIZATION, TTL } from './keyspace.js'
import { listening } from './listening.js'
import { MEMORY_ROWS } from './memory-hits.js'

const [url] = process.argv.slice(2)
/** Sets under way at once while a cache is filled. */
const AT_ONCE = 200

function contender({ name, configuration, remote }) {
  return {
    name,
    configuration,
    create({ size }) {
      const memory = { maxEntries: size, maxBytes: Infinity }
      const cache = createCache({ scopes: { organization: 'global' }, memory, ttl: TTL, remote: remote?.() })
      return { cache, scope: cache.at('organization', { organization: ORGANIZATION }) }
    },
    async fill({ cache, scope }, { shortKeys, values }) {
      if (remote) await listening(cache)
      for (let from = 0; from < values.length; from += AT_ONCE) {
        await scope.setMany(values.slice(from, from + AT_ONCE).map((value, at) => [shortKeys[from + at], value]))
      }
    },
    expressions: {
      get: 'cache.scope.get(shortKey)',
      getOrSet: 'cache.scope.getOrSet(shortKey, load)',
      syncGet: 'cache.scope.sync.get(shortKey)',
    },
  }
}

const CONTENDERS = [
  contender({ name: 'memory alone', configuration: 'createCache({ scopes, ttl, memory })' }),
  contender({
    name: 'memory before Redis',
    configuration: 'createCache({ scopes, ttl, memory, remote: redisStore({ url }) })',
    remote: () => redisStore({ url }),
  }),
]

offer({
  run: ({ row, ...plan }) =>
    runThroughput({ ...MEMORY_ROWS.find(({ name }) => name === row), contenders: CONTENDERS }, plan),
})
process.send('ready')
