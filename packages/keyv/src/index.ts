/**
 * Any Keyv adapter (PostgreSQL, MySQL, SQLite, MongoDB, …) as the second tier of cacheado.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { keyvStore } from '@cacheado/keyv'
 * import KeyvPostgres from '@keyv/postgres'
 *
 * const cache = createCache({
 *   scopes: { organization: 'global', user: 'organization' },
 *   remote: keyvStore({ store: new KeyvPostgres({ uri: process.env.DATABASE_URL }), prefix: 'shop' }),
 * })
 * ```
 *
 * @module
 */
import type { RemoteStore } from '@cacheado/core'
import { defineStore, splitRemoteOptions, type RemoteOptions } from '@cacheado/core/store'
import { createKeyvStore } from './create-keyv-store.js'
import type { KeyvStoreOptions } from './keyv-options.js'

export { createKeyvStore }
export type { KeyvAdapter, KeyvInstance } from './keyv-adapter.js'
export type { KeyvAdapterOptions, KeyvInstanceOptions, KeyvStoreOptions, KeyvStoreSettings } from './keyv-options.js'

/**
 * A store over any Keyv adapter, for `createCache({ remote })`. The adapter is called directly: a `Keyv` answers a failed read with
 * "nothing there", which a store must never do. It stays the application's: `close()` does not disconnect it.
 *
 * **Not atomic between processes.** Keyv has no compare-and-set, so `create` and `replace` read and then write. In one process
 * operations on one key wait for each other, on all stores over the same adapter. What another process writes or deletes between
 * that read and that write is overwritten:
 *
 * - a value that was deleted or overwritten meanwhile may come back as a load had read it before, until its `ttl` ends or its scope
 *   is invalidated;
 * - an invalidation that meets the first use of a scope or tag in another process (or its first use after a pause of twice the
 *   longest `ttl`) may miss what that process is loading in this moment: that lives on until its `ttl` ends;
 * - a lease may be given to two processes: both load.
 *
 * A `replace` by the same bytes does nothing and gives `false`: a stamp's life is not prolonged, since that could undo an
 * invalidation altogether. So twice the longest `ttl` after a scope was first used, its entries miss once. An operation that took
 * longer than `timeout` may still be carried out later.
 *
 * There is no bus (what other processes invalidate is found out when stamps are compared, `memory.revalidateAfter` after they
 * last were) and no `keys`. Rows whose time is over count as missing; who removes them is the adapter's matter.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, for a `Keyv` with encryption, and for an adapter that keeps its
 * failures to itself (`throwOnErrors: false`, the default of `@keyv/redis`)
 */
export function keyvStore(options: KeyvStoreOptions & RemoteOptions): RemoteStore {
  const { remote, own } = splitRemoteOptions(options)
  return defineStore(createKeyvStore(own as KeyvStoreOptions), remote)
}
