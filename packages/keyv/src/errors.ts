import { CacheError } from '@cacheado/core'

/** What a store rejects with where it cannot be sure that something was done. */
export function storeError(message: string): CacheError {
  return new CacheError('ERR_CACHE_STORE', `keyv: ${message}`)
}

/** What an operation rejects with that took longer than `timeout`. */
export function timeoutError(): CacheError {
  return new CacheError('ERR_CACHE_TIMEOUT', 'keyv: the adapter did not answer in time')
}

/** What every operation rejects with after `close()`. */
export function closedError(): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', 'keyv: the store is closed')
}
