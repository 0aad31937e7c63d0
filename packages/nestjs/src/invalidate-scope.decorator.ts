import { CacheError, type Ids, type Level, type Scope, type ScopedCache } from '@cacheado/core'
import { replaceMethod, type MethodDecoratorOf as Decorator } from './bound-method.js'

/** Options of {@link InvalidateScope}. Its functions get what the method gets: type their parameters as the method's own. */
export interface InvalidateScopeOptions {
  /** Ids in place of the caller's own: another user of the same organization. Default: the caller's scope. */
  of?(...args: unknown[]): Ids
  /** Whether a call, whose result comes first, changed anything. Default: every call that succeeds did. */
  when?(result: unknown, ...args: unknown[]): boolean
  /** Only what carries one of these tags. Default: everything in the scope and below it. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined
  /** The name of the cache. Default: the one without a name. */
  readonly cache?: string | undefined
}

/**
 * Invalidates a scope and what is below it after each call that succeeded; the method rejects where that failed.
 *
 * @throws CacheError `ERR_CACHE_SCOPE`: at the start for an undeclared level; from the method, before it runs, for nobody's scope
 * @example `@InvalidateScope('user', { of: (id: string) => ({ user: id }) }) async rename(id: string, name: string) { … }`
 */
export function InvalidateScope(level: Level, options: InvalidateScopeOptions = {}): Decorator<never[]> {
  return replaceMethod(options.cache, (cache, method) => {
    cache.current(level)
    return async function (this: unknown, ...args) {
      const scope = scopeOf(cache, level, options.of?.(...args))
      const result = await Reflect.apply(method, this, args)
      if (options.when?.(result, ...args) === false) return result
      const tags = typeof options.tags === 'function' ? options.tags(...(args as never[])) : options.tags
      await (tags === undefined ? scope.invalidate() : scope.invalidateTags(tags))
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
