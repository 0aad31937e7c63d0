import { CacheError } from '../cache-error.js'
import type { Place } from '../memory/place.js'
import { scopeText } from '../path-text.js'
import type { PurgeResult } from '../remote.js'
import type { Store } from './store.js'

/** What may stand behind a scope's text: a key of its own, or a scope below it. Anything else is another scope's. */
const ENDS = new Set(['|', '/'])

/**
 * Removes every key of a scope and of all below it, in slices: values of every version, leases, stamps.
 *
 * @throws CacheError `ERR_CACHE_STORE` where the store fails meanwhile, or cannot list keys
 */
export async function purgeKeys(store: Store, { level, ids }: Place): Promise<PurgeResult> {
  const listed = level.path.length === 0 ? '' : scopeText(level, ids)
  let removed = 0
  let examined = 0
  try {
    if (store.keys === undefined) throw new CacheError('ERR_CACHE_STORE', 'purge: this store cannot list its keys')
    for await (const slice of store.keys(listed)) {
      examined += slice.length
      const keys = slice.filter((key) => listed === '' || ENDS.has(key.charAt(listed.length)))
      if (keys.length > 0) removed += await store.delete(keys)
    }
  } catch (cause) {
    if (cause instanceof CacheError) throw cause
    throw new CacheError('ERR_CACHE_STORE', 'purge: the store failed; some keys may be left', { cause })
  }
  return { removed, examined }
}
