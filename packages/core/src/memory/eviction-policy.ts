/**
 * What a policy sees of an entry. The first three fields belong to the queue that holds the entry: a policy may keep
 * whatever it needs there and needs no table of its own.
 */
export interface Evictable {
  /** Neighbour, older or newer as the policy likes. */
  before: Evictable | undefined
  /** The other neighbour. */
  after: Evictable | undefined
  /** A number of the policy's own: a counter, a flag, a rank. 0 when the entry arrives. */
  rank: number
  /** The entry's key within its scope. */
  readonly key: string | number
  /** Estimated size in bytes. */
  readonly bytes: number
}

/**
 * Keeps the entries of one budget in an order and names the one that goes next. Every call must be cheap: `touch` runs on
 * each hit. A queue holds an entry from `add` to `remove`; a victim leaves only when `remove` says so.
 */
export interface EvictionQueue {
  /** A new entry. */
  add(entry: Evictable): void
  /** An entry was read, or its value replaced. */
  touch(entry: Evictable): void
  /** The entry is gone, for whatever reason. */
  remove(entry: Evictable): void
  /** Who goes next; `undefined` only when the queue is empty. */
  victim(): Evictable | undefined
}

/**
 * Decides who leaves for lack of room. Implement it and pass it as `memory.policy`; `evictionPolicyContract` of
 * `@cacheado/core/testing` checks an implementation.
 *
 * @example
 * ```ts
 * const newestFirst: EvictionPolicy = { name: 'newest-first', createQueue: () => new NewestFirstQueue() }
 * createCache({ memory: { policy: newestFirst } })
 * ```
 */
export interface EvictionPolicy {
  /** Shown by `cache.health()`. */
  readonly name: string
  /** One queue for each budget: the cache's and that of each namespace with limits of its own. */
  createQueue(): EvictionQueue
}
