import { CacheError } from './cache-error.js'
import type { Key } from './key-text.js'

/** Produces the values of the keys that are missing: as many as there are keys, in their order. */
export type LoadMany<K extends Key, T> = (missing: readonly K[]) => Promise<readonly T[]> | readonly T[]

/**
 * The loads of one `getOrSetMany`, gathered: each key takes the road of a single `getOrSet`, and those that come to a load are
 * handed to the loader in one call. So single flight, stamps and freshness hold for each key.
 */
export class Batch<K extends Key, T> {
  readonly #load: LoadMany<K, T>
  #missing: K[] = []
  #loading: Promise<readonly T[]> | undefined

  constructor(load: LoadMany<K, T>) {
    this.#load = load
  }

  /** The value of one missing key. */
  async load(key: K): Promise<T> {
    const at = this.#missing.push(key) - 1
    // Keys that turn out to be missing later, after a follower gave up say, make a batch of their own.
    const loading = (this.#loading ??= Promise.resolve().then(() => this.#run()))
    return (await loading)[at] as T
  }

  async #run(): Promise<readonly T[]> {
    const missing = this.#missing
    this.#missing = []
    this.#loading = undefined
    const values = await this.#load(missing)
    if (!Array.isArray(values) || values.length !== missing.length) {
      throw new CacheError('ERR_CACHE_VALUE', 'getOrSetMany: expected one value for each missing key, in their order')
    }
    return values
  }
}
