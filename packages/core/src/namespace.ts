import { BypassScope } from './bypass-scope.js'
import { configError } from './cache-error.js'
import type { ByteSize } from './memory/byte-size.js'
import type { InvalidationResult } from './invalidation.js'
import type { NamespaceState } from './namespace-state.js'
import { PlacedScope } from './placed-scope.js'
import { POLICY_OPTIONS, type Policy } from './policy.js'
import type { IdsOf, Level } from './scope-types.js'
import type { Scope } from './scope.js'
import { spaceStats, type ScopeStats } from './scope-stats.js'
import type { StandardSchema } from './standard-schema.js'

/** Options of a namespace: a policy, bounds of its own, and a schema that what is read must satisfy. */
export interface NamespaceOptions<T = unknown> extends Policy<T> {
  /** Entries of this namespace at the most, in all scopes together. Default: only the cache's own bound. */
  readonly maxEntries?: number | undefined
  /** Estimated bytes of this namespace at the most. Default: only the cache's own bound. */
  readonly maxBytes?: ByteSize | undefined
  /** A Standard Schema (zod, valibot, arktype …) checked on each read: what it refuses is a miss and is deleted. */
  readonly schema?: StandardSchema<T> | undefined
  /** Part of every path of this namespace, besides the cache's own `version`, in stores that outlive the process. Default: none. */
  readonly version?: string | number | undefined
}

/** Entries that belong together: the same operations as on the cache, on this group only. */
export class Namespace<T = unknown> {
  readonly #state: NamespaceState

  /** @internal Made by `cache.namespace()`. */
  constructor(
    /** Its name, unique within the cache. */
    readonly name: string,
    state: NamespaceState,
  ) {
    this.#state = state
  }

  /** What all callers share in this namespace. */
  get global(): Scope<T> {
    return this.at('global', {})
  }

  /**
   * This namespace in one scope; see `cache.at`.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, a missing or an invalid id
   */
  at<K extends Level>(level: K, ids: IdsOf<K>): Scope<T> {
    return scopeAt<T>(this.#state, level, ids)
  }

  /** This namespace in the caller's own scope; see `cache.current`. */
  current(level: Level): Scope<T> {
    return currentScope<T>(this.#state, level)
  }

  /** Invalidates everything in this namespace, in all scopes. */
  invalidate(): Promise<InvalidationResult> {
    return this.global.invalidate()
  }

  /** What happened in this namespace, in this process. */
  stats(): ScopeStats {
    return spaceStats(this.#state.space)
  }
}

/** A handle on the scope of these ids. */
export function scopeAt<T>(state: NamespaceState, level: string, ids: object): Scope<T> {
  return new PlacedScope<T>(state, state.engine.place(state.space, level, ids as Record<string, unknown>))
}

/** A handle on the caller's own scope; a bypass handle where the context does not say who asks. */
export function currentScope<T>(state: NamespaceState, levelName: string): Scope<T> {
  const { engine, space } = state
  const level = engine.forest.level(levelName)
  const place = engine.currentPlace(space, level)
  return place ? new PlacedScope<T>(state, place) : new BypassScope<T>(engine, space, level.name)
}

/** The names of a namespace's options. */
export const NAMESPACE_OPTIONS = [...POLICY_OPTIONS, 'maxEntries', 'maxBytes', 'schema', 'version']

const NAME = /^[A-Za-z0-9][A-Za-z0-9 _.:/$#<>@-]{0,127}$/

/**
 * A namespace's name, checked.
 *
 * @throws CacheError `ERR_CACHE_CONFIG`
 */
export function namespaceName(name: unknown, option: string): string {
  if (typeof name !== 'string' || !NAME.test(name))
    throw configError(option, 'a name of 1 to 128 letters, digits and " _.:/$#<>@-"')
  return name
}
