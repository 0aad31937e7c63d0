import { CacheError, type Ids, type Level, type Scope, type ScopedCache } from '@cacheado/core'
import { replaceMethod, type MethodDecoratorOf } from './bound-method.js'

/** A function of what the method gets: type its parameters as the method's own. */
type FromCall<R> = { read(...args: unknown[]): R }['read']

/** Options of {@link InvalidateScope}. */
export interface InvalidateScopeOptions {
  /** Ids in place of the caller's own: another user of the same organization. Default: the caller's scope. */
  readonly of?: FromCall<Ids> | undefined
  /** Whether a call, whose result comes first, changed anything. Default: every call that succeeds did. */
  readonly when?: FromCall<boolean> | undefined
  /** Only what carries one of these tags. Default: everything in the scope and below it. */
  readonly tags?: readonly string[] | FromCall<readonly string[]> | undefined
  /** The name of the cache. Default: the one without a name. */
  readonly cache?: string | undefined
}

/**
 * Invalidates a scope, and what is below it, after each call that succeeded; the method resolves when that is done and rejects
 * where it could not be.
 *
 * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, when the application starts; and from the method, before it
 *   runs, where nobody is known and no `of` says whose scope it is
 * @example
 * ```ts
 * \@InvalidateScope('user', { of: (id: string) => ({ user: id }) }) async rename(id: string, name: string) { … }
 * ```
 */
export function InvalidateScope(
  level: Level,
  options: InvalidateScopeOptions = {},
): MethodDecoratorOf<never[], Promise<unknown>> {
  const { of, when, tags } = options
  return replaceMethod(options.cache, (cache, method) => {
    cache.current(level)
    return async function (this: unknown, ...args) {
      const scope = scopeOf(cache, level, of?.(...args))
      const result = await Reflect.apply(method, this, args)
      if (when?.(result, ...args) === false) return result
      if (tags === undefined) await scope.invalidate()
      else await scope.invalidateTags(typeof tags === 'function' ? tags(...args) : tags)
      return result
    }
  })
}

function scopeOf(cache: ScopedCache, level: Level, ids: Ids | undefined): Scope {
  const known = cache.identity()
  if (ids !== undefined) return cache.at(level, { ...known, ...ids })
  if (level === 'global' || Object.keys(known).length > 0) return cache.current(level)
  throw new CacheError('ERR_CACHE_SCOPE', `@InvalidateScope(${level}): nobody is known here; use cache.run, or of`)
}
