import { CacheError } from './cache-error.js'
import type { Engine } from './engine.js'
import { getOrSet } from './get-or-set.js'
import type { Key, MapKey } from './key-text.js'
import type { Place } from './memory/place.js'
import type { ResolvedPolicy } from './policy.js'
import { readValue, type ValuesMode } from './values.js'

/** Produces the values of the keys that are missing: as many as there are keys, in their order. */
export type LoadMany<K extends Key, T> = (missing: readonly K[]) => Promise<readonly T[]> | readonly T[]

/** One `getOrSetMany`. */
export interface ManyTask<K extends Key, T> {
  readonly engine: Engine
  readonly place: Place
  readonly values: ValuesMode
  readonly keys: readonly K[]
  readonly load: LoadMany<K, T>
  readonly policy: ResolvedPolicy
}

/**
 * Each key takes the road of a single `getOrSet`; the loads that lead to are gathered and handed to the loader in one call, so
 * single flight, stamps and freshness hold for each of them.
 */
export async function getOrSetMany<K extends Key, T>(task: ManyTask<K, T>): Promise<T[]> {
  const { engine, place } = task
  const batch = new Batch(task)
  const values = task.keys.map((key) => {
    const mapped = engine.key(key)
    if (mapped === undefined) return batch.load(key)
    const entry = engine.closed ? undefined : place.fresh(mapped)
    if (entry !== undefined) return readValue(task.values, entry.value) as T
    return getOrSet<T>({ ...task, key: mapped satisfies MapKey, load: () => batch.load(key), refresh: false })
  })
  return Promise.all(values)
}

/** The missing keys of one call, loaded together once all of them are known. */
class Batch<K extends Key, T> {
  readonly #task: ManyTask<K, T>
  #missing: K[] = []
  #loading: Promise<readonly T[]> | undefined

  constructor(task: ManyTask<K, T>) {
    this.#task = task
  }

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
    const values = await this.#task.load(missing)
    if (!Array.isArray(values) || values.length !== missing.length) {
      throw new CacheError('ERR_CACHE_VALUE', 'getOrSetMany: expected one value for each missing key, in their order')
    }
    return values
  }
}
