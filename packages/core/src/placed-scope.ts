import type { Engine } from './engine.js'
import { getOrSet } from './get-or-set.js'
import { Batch, type LoadMany } from './batch.js'
import { deferrable, invalidateScope, invalidateTags, purgeScope, type InvalidationResult } from './invalidation.js'
import type { Key, MapKey } from './key-text.js'
import { LoadContext, type Load } from './load-context.js'
import type { Entry } from './memory/entry.js'
import type { Place } from './memory/place.js'
import type { NamespaceState } from './namespace-state.js'
import { PlacedSyncScope } from './placed-sync-scope.js'
import { resolvePolicy, type Policy } from './policy.js'
import type { PurgeResult, Sight } from './remote.js'
import type { GetOrSetOptions, SetOptions, Lookup, Scope, SyncScope } from './scope.js'
import { nodeStats, type ScopeStats } from './scope-stats.js'
import { accepts } from './standard-schema.js'
import { readValue } from './values.js'

/** A scope that is known: operations go to its place. */
export class PlacedScope<V = unknown> implements Scope<V> {
  readonly #engine: Engine
  readonly #state: NamespaceState
  readonly #place: Place
  #sync: PlacedSyncScope<V> | undefined

  constructor(state: NamespaceState, place: Place) {
    this.#engine = state.engine
    this.#state = state
    this.#place = place
  }

  get level(): string {
    return this.#place.level.name
  }

  get sync(): SyncScope<V> {
    return this.#synchronous
  }

  get #synchronous(): PlacedSyncScope<V> {
    return (this.#sync ??= new PlacedSyncScope<V>(this.#state, this.#place))
  }

  async get<T = V>(key: Key): Promise<T | undefined> {
    const mapped = this.#engine.key(key)
    if (mapped === undefined || this.#engine.closed) return undefined
    const { remote } = this.#engine
    const place = this.#place
    let entry = remote === undefined ? place.freshOrMiss(mapped) : place.fresh(mapped)
    if (entry === undefined && remote !== undefined) {
      const found = this.#fromAnyTier(mapped)
      entry = place.counted(found instanceof Promise ? (await found).entry : found)
    }
    if (entry === undefined) return undefined
    const { value } = entry
    if (this.#state.schema !== undefined && !(await this.#accepts(entry))) return undefined
    return readValue(this.#state.values, value) as T
  }

  async lookup<T = V>(key: Key): Promise<Lookup<T>> {
    const mapped = this.#engine.key(key)
    const found = mapped === undefined ? undefined : this.#fromAnyTier(mapped)
    const entry = found instanceof Promise ? (await found).entry : found
    if (entry === undefined) return { hit: false }
    const { value, freshUntil, storedAt } = entry
    if (!(await this.#accepts(entry))) return { hit: false }
    const now = this.#engine.tier.time.now()
    return {
      hit: true,
      value: readValue(this.#state.values, value) as T,
      stale: now >= freshUntil,
      age: now - storedAt,
    }
  }

  async has(key: Key): Promise<boolean> {
    const mapped = this.#engine.key(key)
    const found = mapped === undefined ? undefined : this.#fromAnyTier(mapped)
    const entry = found instanceof Promise ? (await found).entry : found
    return entry !== undefined && this.#engine.tier.time.now() < entry.freshUntil
  }

  async set<T extends V>(key: Key, value: T, options?: SetOptions): Promise<void> {
    await this.#synchronous.write(key, value, options)
  }

  getOrSet<T = V>(key: Key, load: Load<T>, options?: GetOrSetOptions<T>): Promise<T> {
    try {
      const mapped = this.#engine.key(key)
      if (mapped === undefined) return this.#uncached(load)
      if (this.#state.schema) return this.#getCheckedOrSet(mapped, load, options)
      const entry = options?.refresh === true ? undefined : this.#place.fresh(mapped)
      if (entry !== undefined) return Promise.resolve(readValue(this.#state.values, entry.value) as T)
      return this.#load(mapped, load, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async delete(key: Key): Promise<boolean> {
    const mapped = this.#engine.key(key)
    if (mapped === undefined) return false
    return deferrable(this.#engine, () => this.#place.deleteEverywhere(mapped), false)
  }

  async getMany<T = V>(keys: readonly Key[]): Promise<(T | undefined)[]> {
    return Promise.all(keys.map((key) => this.get<T>(key)))
  }

  async setMany<T extends V>(pairs: Iterable<readonly [Key, T]>, options?: SetOptions): Promise<void> {
    await Promise.all(Array.from(pairs, ([key, value]) => this.set(key, value, options)))
  }

  async deleteMany(keys: readonly Key[]): Promise<number> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)))
    return deleted.filter(Boolean).length
  }

  async getOrSetMany<T = V, K extends Key = Key>(
    keys: readonly K[],
    load: LoadMany<K, T>,
    options?: Policy<T>,
  ): Promise<T[]> {
    const batch = new Batch(load)
    return Promise.all(keys.map((key) => this.getOrSet<T>(key, () => batch.load(key), options)))
  }

  async invalidate(): Promise<InvalidationResult> {
    return invalidateScope(this.#engine, this.#place)
  }

  async invalidateTags(tags: readonly string[]): Promise<InvalidationResult> {
    return invalidateTags(this.#engine, this.#place, tags)
  }

  purge(): Promise<PurgeResult> {
    return purgeScope(this.#engine, this.#place)
  }

  stats(): ScopeStats {
    return nodeStats(this.#place.node, this.#state.space.name === '' ? undefined : this.#state.space)
  }

  /** The entry under the key whatever its age; what the store says, where it has to be asked. */
  #fromAnyTier(key: MapKey): Entry | undefined | Promise<Sight> {
    const entry = this.#place.find(key)
    const { remote, closed } = this.#engine
    const settled = remote === undefined || closed || (entry !== undefined && this.#place.trusts(entry))
    return settled ? entry : remote.look(this.#place, key)
  }

  /** Whether the namespace's schema takes the value; one that it refuses is gone, unless it was replaced meanwhile. */
  async #accepts(entry: Entry): Promise<boolean> {
    const { schema } = this.#state
    const { value } = entry
    if (schema === undefined || (await accepts(schema, value))) return true
    if (this.#place.serves(entry) && entry.value === value) this.#place.delete(entry.key)
    return false
  }

  async #getCheckedOrSet<T>(key: MapKey, load: Load<T>, options: GetOrSetOptions<T> | undefined): Promise<T> {
    const found = this.#fromAnyTier(key)
    const entry = found instanceof Promise ? (await found).entry : found
    if (entry !== undefined) await this.#accepts(entry)
    return this.#load(key, load, options)
  }

  #load<T>(key: MapKey, load: Load<T>, options: GetOrSetOptions<T> | undefined): Promise<T> {
    return getOrSet<T>({
      engine: this.#engine,
      place: this.#place,
      values: this.#state.values,
      key,
      load,
      policy: resolvePolicy(options, this.#state.policy),
      refresh: options?.refresh === true,
    })
  }

  async #uncached<T>(load: Load<T>): Promise<T> {
    this.#place.bypass('key-too-long')
    return this.#engine.context.narrow(this.#place, () => load(new LoadContext<T>()))
  }
}
