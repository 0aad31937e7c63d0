/** Every code a {@link CacheError} can carry. Codes are stable; messages are not. */
export type CacheErrorCode =
  | 'ERR_CACHE_CONFIG'
  | 'ERR_CACHE_SCOPE'
  | 'ERR_CACHE_KEY'
  | 'ERR_CACHE_VALUE'
  | 'ERR_CACHE_STORE'
  | 'ERR_CACHE_TIMEOUT'
  | 'ERR_CACHE_CLOSED'
  | 'ERR_CACHE_CONTEXT'
  | 'ERR_CACHE_IDENTITY'

/**
 * The one error class of cacheado. Tell errors apart by {@link CacheError.code}, never by
 * `instanceof` across packages: two copies of this class may live in one process.
 *
 * A message names an option's path and what was expected; it never holds a value, a key or an id.
 * What an application's own loader or handler throws is never wrapped in one.
 *
 * @example
 * ```ts
 * try {
 *   cache.at('user', ids)
 * } catch (error) {
 *   if (isCacheError(error, 'ERR_CACHE_SCOPE')) return reply.status(401)
 *   throw error
 * }
 * ```
 */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  /** What went wrong, stable across versions; see `docs/errors.md`. */
  readonly code: CacheErrorCode
  /** The path of the option that caused it (`memory.maxEntries`), where one did. */
  readonly option: string | undefined

  constructor(code: CacheErrorCode, message: string, options: { option?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.option = options.option
  }
}

/** Whether `error` is a {@link CacheError}, of the given code if one is named; safe across copies of the package. */
export function isCacheError(error: unknown, code?: CacheErrorCode): error is CacheError {
  if (!(error instanceof Error) || error.name !== 'CacheError') return false
  return code === undefined || (error as CacheError).code === code
}

/** A bad option: where it stands and what was expected there. */
export function configError(option: string, expected: string): CacheError {
  return new CacheError('ERR_CACHE_CONFIG', `${option}: expected ${expected}`, { option })
}
