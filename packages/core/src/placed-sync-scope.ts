import type { Engine } from './engine.js'
import { getOrSetSync, refusePromise, type LoadSync } from './get-or-set-sync.js'
import type { Key, MapKey } from './key-text.js'
import { LoadContext } from './load-context.js'
import type { Entry } from './memory/entry.js'
import type { Place } from './memory/place.js'
import type { NamespaceState } from './namespace-state.js'
import { resolvePolicy } from './policy.js'
import type { GetOrSetOptions, SetOptions, SyncScope } from './scope.js'
import { acceptsSync } from './standard-schema.js'
import { keptValue, readValue, type ValuesMode } from './values.js'

/** The synchronous side of a scope that is known. A hit makes nothing: no string, no promise, no object. */
export class PlacedSyncScope<V = unknown> implements SyncScope<V> {
  readonly #engine: Engine
  readonly #state: NamespaceState
  readonly #place: Place
  readonly #values: ValuesMode

  constructor(state: NamespaceState, place: Place) {
    this.#engine = state.engine
    this.#state = state
    this.#place = place
    this.#values = state.values
  }

  get<T = V>(key: Key): T | undefined {
    const mapped = this.#engine.key(key)
    if (mapped === undefined || this.#engine.closed) return undefined
    const entry = this.#place.freshOrMiss(mapped)
    if (entry === undefined || !this.#accepts(entry)) return undefined
    return readValue(this.#values, entry.value) as T
  }

  has(key: Key): boolean {
    const mapped = this.#engine.key(key)
    const entry = mapped === undefined ? undefined : this.#place.find(mapped)
    return entry !== undefined && this.#engine.tier.time.now() < entry.freshUntil && this.#place.trusts(entry)
  }

  set<T extends V>(key: Key, value: T, options?: SetOptions): void {
    void this.write(key, value, options)
  }

  /** {@link set}, with what resolves when the second tier has the value too, or has given up. */
  write(key: Key, value: unknown, options: SetOptions | undefined): Promise<void> | undefined {
    const policy = resolvePolicy(options, this.#state.policy)
    const mapped = this.#engine.key(key)
    if (this.#engine.closed) return undefined
    if (mapped === undefined) {
      this.#place.bypass('key-too-long')
      return undefined
    }
    return this.#place.write(mapped, () => keptValue(this.#values, value), { policy, tags: policy.tags })
  }

  getOrSet<T = V>(key: Key, load: LoadSync<T>, options?: GetOrSetOptions<T>): T {
    const mapped = this.#engine.key(key)
    if (mapped === undefined) return this.#uncached(load)
    if (this.#state.schema) this.#dropRefused(mapped)
    const entry = options?.refresh === true ? undefined : this.#place.fresh(mapped)
    if (entry !== undefined) return readValue(this.#values, entry.value) as T
    return getOrSetSync<T>({
      engine: this.#engine,
      place: this.#place,
      values: this.#values,
      key: mapped,
      load,
      policy: resolvePolicy(options, this.#state.policy),
      refresh: options?.refresh === true,
    })
  }

  delete(key: Key): boolean {
    const mapped = this.#engine.key(key)
    if (mapped === undefined) return false
    return this.#place.delete(mapped)
  }

  #dropRefused(key: MapKey): void {
    const entry = this.#place.find(key)
    if (entry !== undefined) this.#accepts(entry)
  }

  /** Whether the namespace's schema takes the value; one that it refuses is gone. */
  #accepts(entry: Entry): boolean {
    const { schema } = this.#state
    if (schema === undefined || acceptsSync(schema, entry.value)) return true
    this.#place.delete(entry.key)
    return false
  }

  #uncached<T>(load: LoadSync<T>): T {
    this.#place.bypass('key-too-long')
    const value = this.#engine.context.narrow(this.#place, () => load(new LoadContext<T>()))
    refusePromise(value)
    return value
  }
}
