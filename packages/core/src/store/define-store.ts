import { configError } from '../cache-error.js'
import type { RemoteStore } from '../remote.js'
import { remoteSettings, type RemoteOptions } from './remote-options.js'
import { RemoteTier } from './remote-tier.js'
import type { Store } from './store.js'

const METHODS = ['getMany', 'set', 'create', 'replace', 'delete', 'close'] as const

/**
 * A second tier over a store: what the option `remote` of `createCache` takes. The packages for Redis, Memcached and Keyv call it
 * themselves; call it for a store of your own. One store belongs to one cache.
 *
 * Does no I/O. The cache fails open on it: a store that is down, slow, hung or wrong is a miss, and no caller waits for it longer
 * than `readTimeout`.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, or something that is no store
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 * import { defineStore } from '@cacheado/core/store'
 *
 * const cache = createCache({ remote: defineStore(myStore, { readTimeout: '50ms' }) })
 * ```
 */
export function defineStore(store: Store, options: RemoteOptions = {}): RemoteStore {
  const whole = METHODS.every((method) => typeof store?.[method] === 'function') && typeof store.name === 'string'
  if (!whole) throw configError('remote', `a store with a name and ${METHODS.join('(), ')}()`)
  const settings = remoteSettings(options)
  let opened = false
  return {
    open(engine) {
      if (opened) throw configError('remote', 'a store that no other cache uses')
      opened = true
      return new RemoteTier(engine, store, settings)
    },
  }
}
