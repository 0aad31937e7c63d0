import type { InvalidationResult } from './invalidation.js'
import type { Key } from './key-text.js'
import type { Load } from './load-context.js'
import type { LoadMany } from './batch.js'
import type { Policy } from './policy.js'
import type { PurgeResult } from './remote.js'
import type { ScopeStats } from './scope-stats.js'
import type { LoadSync } from './get-or-set-sync.js'

/** What {@link Scope.lookup} tells about a key. */
export type Lookup<T> =
  | {
      readonly hit: true
      readonly value: T
      /** Past its `ttl`, within a window in which it may still be served. */
      readonly stale: boolean
      /** Milliseconds since it was stored. */
      readonly age: number
    }
  | { readonly hit: false }

/** How one `set` differs from the policy of its scope. */
export type SetOptions = Pick<
  Policy,
  'ttl' | 'staleWhileRevalidate' | 'staleIfError' | 'jitter' | 'refreshAhead' | 'tags'
>

/** How one `getOrSet` differs from the policy of its scope. */
export interface GetOrSetOptions<T = unknown> extends Policy<T> {
  /** Reload even what is fresh. Default: false. */
  readonly refresh?: boolean | undefined
}

/**
 * A handle on one scope: one organization, one user, one session, or everybody (`global`). Keep it or make a new one for each
 * call; both are cheap. Values of one scope are out of reach of every other.
 *
 * All operations fail open: where nothing can be kept, reads miss, writes do nothing and loaders run. They throw
 * `ERR_CACHE_KEY` for a key that is not plain data and `ERR_CACHE_CONFIG` for bad options.
 */
export interface Scope<V = unknown> {
  /** The level of the scope. */
  readonly level: string
  /** The same operations on this process's memory, synchronously. */
  readonly sync: SyncScope<V>
  /** The fresh value under the key, else `undefined`. A cached `undefined` looks the same: `lookup` tells them apart. */
  get<T = V>(key: Key): Promise<T | undefined>
  /** The value under the key with its state and age; stale ones included as long as they may be served. */
  lookup<T = V>(key: Key): Promise<Lookup<T>>
  /** Whether a fresh value is there. Counts neither a hit nor a miss. */
  has(key: Key): Promise<boolean>
  /** Keeps a value. A load under way for the key will not overwrite it. */
  set<T extends V>(key: Key, value: T, options?: SetOptions): Promise<void>
  /**
   * The value under the key, loaded where it is missing: once for all who ask meanwhile, in a context that holds only the
   * ids down to this level. What the loader throws reaches every caller unchanged and is not cached.
   */
  getOrSet<T = V>(key: Key, load: Load<T>, options?: GetOrSetOptions<T>): Promise<T>
  /**
   * Deletes one key here, not below. Whether anything usable was there; `false` inside `deferInvalidations`, which deletes later.
   * A load under way for it keeps nothing.
   */
  delete(key: Key): Promise<boolean>
  /** {@link Scope.get} for many keys, in their order. */
  getMany<T = V>(keys: readonly Key[]): Promise<(T | undefined)[]>
  /** {@link Scope.set} for many pairs of key and value. */
  setMany<T extends V>(pairs: Iterable<readonly [Key, T]>, options?: SetOptions): Promise<void>
  /** {@link Scope.delete} for many keys; how many were there, 0 inside `deferInvalidations`. */
  deleteMany(keys: readonly Key[]): Promise<number>
  /** {@link Scope.getOrSet} for many keys: `load` is called once with those that are missing. Values in the order of the keys. */
  getOrSetMany<T = V, K extends Key = Key>(keys: readonly K[], load: LoadMany<K, T>, options?: Policy<T>): Promise<T[]>
  /** Invalidates everything in this scope and below it, loads under way included. Constant cost, whatever hangs there. */
  invalidate(): Promise<InvalidationResult>
  /** Invalidates what carries one of the tags in this scope and below it; never in a sibling. */
  invalidateTags(tags: readonly string[]): Promise<InvalidationResult>
  /**
   * Invalidates the scope and then removes what is left of it and of all below it in the store, key by key and in slices: proof
   * that a tenant was deleted. Takes as long as the store has keys; for that, and not for everyday invalidation. Without a
   * store it only invalidates.
   *
   * @throws CacheError `ERR_CACHE_STORE` where the store fails meanwhile, or cannot list keys
   */
  purge(): Promise<PurgeResult>
  /** What happened in this scope and below it, in this process. Walks them: the cost grows with the scopes below. */
  stats(): ScopeStats
}

/** The synchronous operations of a {@link Scope}, on this process's memory. */
export interface SyncScope<V = unknown> {
  /** See {@link Scope.get}. */
  get<T = V>(key: Key): T | undefined
  /** See {@link Scope.has}. */
  has(key: Key): boolean
  /** See {@link Scope.set}. */
  set<T extends V>(key: Key, value: T, options?: SetOptions): void
  /**
   * See {@link Scope.getOrSet}; nothing is joined and nothing reloads in the background.
   *
   * @throws CacheError `ERR_CACHE_VALUE` where the loader returns a promise
   */
  getOrSet<T = V>(key: Key, load: LoadSync<T>, options?: GetOrSetOptions<T>): T
  /** See {@link Scope.delete}; acts at once, inside `deferInvalidations` too. */
  delete(key: Key): boolean
}
