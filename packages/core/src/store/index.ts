/**
 * The second tier: how a cache uses a store that several processes share, and what a store of your own has to be.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { defineStore, type Store } from '@cacheado/core/store'
 *
 * const store: Store = openMyStore()
 * const cache = createCache({ ttl: '5m', remote: defineStore(store) })
 * ```
 *
 * @module
 */
export { configError } from '../cache-error.js'
export { defineStore } from './define-store.js'
export { splitRemoteOptions, type RemoteOptions } from './remote-options.js'
export type { Bus, BusListener, Store, StoreItem } from './store.js'
export type { Codec, TypeCodec } from './codec.js'
export { structuredCodec } from './structured-codec.js'
