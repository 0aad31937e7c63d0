import { CacheError } from '@cacheado/core'

/** A bad option: where it stands and what was expected there. */
export function configError(option: string, expected: string): CacheError {
  return new CacheError('ERR_CACHE_CONFIG', `${option}: expected ${expected}`, { option })
}

/** What a command rejects with that cannot be sent now: nothing waits for a connection. */
export function notConnected(): CacheError {
  return new CacheError('ERR_CACHE_STORE', 'redis: not connected')
}

/** Whether the server refused a command with this code: `NOSCRIPT`, `WRONGTYPE`. */
export function isReplyError(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `)
}
