import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import type { Place } from '../memory/place.js'
import { scopeText } from '../path-text.js'
import type { PurgeResult } from '../remote.js'
import { Deadlines } from './deadlines.js'
import type { Store } from './store.js'

/** How every key of a cache begins. What begins otherwise is another application's, whose prefix only begins like this one. */
const BEGINNINGS = ['global|', '{']
/** What may stand behind a scope's text: a key of its own, or a scope below it. Anything else is another scope's. */
const ENDS = new Set(['|', '/'])
/** How long one slice may take, in milliseconds: nobody waits for a purge as for a read, and nobody waits for ever. */
const SLICE_LIMIT = 5000

/**
 * Removes every key of a scope and of all below it, in slices: values of every version, leases, stamps.
 *
 * @throws CacheError `ERR_CACHE_STORE` where the store fails meanwhile, or cannot list keys
 */
export async function purgeKeys(store: Store, clock: Clock, { level, ids }: Place): Promise<PurgeResult> {
  const limit = new Deadlines(clock, SLICE_LIMIT)
  const listed = level.path.length === 0 ? '' : scopeText(level, ids)
  let removed = 0
  let examined = 0
  try {
    if (store.keys === undefined) throw new CacheError('ERR_CACHE_STORE', 'purge: this store cannot list its keys')
    const slices = store.keys(listed)[Symbol.asyncIterator]()
    for (;;) {
      const slice = await limit.within(slices.next())
      if (slice.done === true) break
      examined += slice.value.length
      const keys = slice.value.filter((key) => isBelow(listed, key))
      if (keys.length > 0) removed += await limit.within(store.delete(keys))
    }
  } catch (cause) {
    if (cause instanceof CacheError && cause.code === 'ERR_CACHE_STORE') throw cause
    throw new CacheError('ERR_CACHE_STORE', 'purge: the store failed; some keys may be left', { cause })
  }
  return { removed, examined }
}

/** Whether a key that begins with a scope's text is that scope's; of everything where the text is empty. */
function isBelow(scope: string, key: string): boolean {
  if (scope === '') return BEGINNINGS.some((beginning) => key.startsWith(beginning))
  return ENDS.has(key.charAt(scope.length))
}
