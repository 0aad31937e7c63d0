/**
 * Memcached as the second tier of cacheado.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { memcachedStore } from '@cacheado/memcached'
 *
 * const cache = createCache({
 *   scopes: { organization: 'global', user: 'organization' },
 *   remote: memcachedStore({ servers: ['10.0.0.1:11211', '10.0.0.2:11211'], prefix: 'shop' }),
 * })
 * ```
 *
 * @module
 */
import type { RemoteStore } from '@cacheado/core'
import { defineStore, splitRemoteOptions, type RemoteOptions } from '@cacheado/core/store'
import { createMemcachedStore } from './create-memcached-store.js'
import type { MemcachedStoreOptions } from './memcached-options.js'

export { createMemcachedStore }
export type { MemcachedClient } from './borrowed-client.js'
export type {
  MemcachedClientOptions,
  MemcachedServersOptions,
  MemcachedStoreOptions,
  MemcachedStoreSettings,
} from './memcached-options.js'

/**
 * A store over Memcached, for `createCache({ remote })`: connections of its own to `servers`, or a `client` of the application.
 *
 * Nothing is connected until the first operation, or `connect()`. There is no bus: what other processes invalidate is found out
 * when stamps are compared, `memory.revalidateAfter` after they last were (1 s). `keys` is not offered: Memcached cannot list them.
 *
 * A server that refuses, or does not answer within `timeout`, costs what was under way on its connection; until it is back
 * commands reject at once and nothing is queued. A value above `maxItemBytes` rejects with `ERR_CACHE_STORE`, and what was
 * under its key is deleted.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 */
export function memcachedStore(options: MemcachedStoreOptions & RemoteOptions): RemoteStore {
  const { remote, own } = splitRemoteOptions(options)
  return defineStore(createMemcachedStore(own as MemcachedStoreOptions), remote)
}
