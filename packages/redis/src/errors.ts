import { CacheError } from '@cacheado/core'

/** What a command rejects with that cannot be sent now: nothing waits for a connection. */
export function notConnected(): CacheError {
  return new CacheError('ERR_CACHE_STORE', 'redis: not connected')
}

/** Whether the server refused a command with this code: `NOSCRIPT`, `WRONGTYPE`. */
export function isReplyError(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `)
}
