/**
 * Who reads from Redis. Each runs in a process of its own and is loaded there alone: nobody's code gets compiled for somebody
 * else's types. `create` connects and gives `read(place)`, a promise of what is there, and `fill()`.
 */
const READERS = {
  'raw GET': async () => (await import('./raw.js')).rawGet,
  'raw MGET, value and 4 stamps': async () => (await import('./raw.js')).rawMultiGet,
  'cacheado, stamps in memory': async () => (await import('./cacheado.js')).stampsInMemory,
  'cacheado, stamps in Redis': async () => (await import('./cacheado.js')).stampsInRedis,
  'cacheado, stamps in Redis, user': async () => (await import('./cacheado.js')).stampsInRedisOfUser,
  bentocache: async () => (await import('./bentocache.js')).bentocache,
  cacheable: async () => (await import('./keyv.js')).cacheable,
  'cache-manager': async () => (await import('./keyv.js')).cacheManager,
}

/** In the order of the table; the first is what the others are compared with. */
export const READER_NAMES = Object.keys(READERS)

export function loadReader(name) {
  return READERS[name]()
}
