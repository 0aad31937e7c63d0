import { CacheError } from '@cacheado/core'

/** What a store rejects with where it cannot be sure that something was done. */
export function storeError(message: string, cause?: unknown): CacheError {
  return new CacheError('ERR_CACHE_STORE', `memcached: ${message}`, cause === undefined ? {} : { cause })
}

/** A value above the server's item size. */
export function tooLarge(): CacheError {
  return storeError('a value is larger than the server takes: raise `maxItemBytes` here and -I there, or store less')
}

/** What every operation rejects with after `close()`. */
export function closedError(): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', 'memcached: the store is closed')
}
