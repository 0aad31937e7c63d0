/**
 * The second tier on Redis ≥ 6.2, Valkey, Sentinel and Cluster.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { redisStore } from '@cacheado/redis'
 *
 * const cache = createCache({
 *   scopes: { organization: 'global', user: 'organization' },
 *   remote: redisStore({ url: 'redis://127.0.0.1:6379', prefix: 'shop' }),
 * })
 * ```
 *
 * @module
 */
import type { RemoteStore } from '@cacheado/core'
import { defineStore, splitRemoteOptions, type RemoteOptions } from '@cacheado/core/store'
import { createRedisStore } from './redis-store.js'
import type { RedisStoreOptions } from './redis-options.js'

export { createRedisStore }
export type {
  BorrowedClient,
  BorrowedClientOptions,
  OwnClientOptions,
  RedisStoreOptions,
  SentinelOptions,
} from './redis-options.js'
export type { IoredisClient, IoredisCluster } from './ioredis.js'
export type { NodeRedisClient, NodeRedisCluster, NodeRedisNode } from './node-redis.js'

/**
 * A store on Redis ≥ 6.2 or Valkey, for the `remote` option of `createCache`.
 *
 * With `url`, `sentinel` or `cluster` it has a client of its own: connected when it is first needed, within a second; a command
 * that cannot be sent now rejects at once with `ERR_CACHE_STORE`, none is retried; a connection that is lost, or silent for some
 * two seconds, is replaced, for ever. With `client` it uses one that the application has, node-redis or ioredis, and never closes
 * it: reconnecting and time limits are then the application's, and what the client cannot send now still rejects.
 *
 * All processes that share a `prefix` on one server share what is cached, and hear each other on the channel `${prefix}:bus`.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` with the path of an option that is wrong
 */
export function redisStore(options: RedisStoreOptions & RemoteOptions = {}): RemoteStore {
  const { remote, own } = splitRemoteOptions(options)
  return defineStore(createRedisStore(own as RedisStoreOptions), remote)
}
