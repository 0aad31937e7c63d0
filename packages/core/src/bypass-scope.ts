import { CacheError } from './cache-error.js'
import type { Engine } from './engine.js'
import type { LoadMany } from './batch.js'
import { refusePromise, type LoadSync } from './get-or-set-sync.js'
import type { InvalidationResult } from './invalidation.js'
import type { Key } from './key-text.js'
import { LoadContext, type Load } from './load-context.js'
import type { Space } from './memory/space.js'
import type { PurgeResult } from './remote.js'
import type { Lookup, Scope, SyncScope } from './scope.js'
import { nodeStats, type ScopeStats } from './scope-stats.js'

/**
 * The handle of a caller who cannot be placed: nobody shares with it. Reads miss, writes do nothing, loaders run; what was
 * meant to remove something throws, since it could not.
 */
export class BypassScope<V = unknown> implements Scope<V> {
  readonly #engine: Engine
  readonly #space: Space
  readonly sync: SyncScope<V>

  constructor(
    engine: Engine,
    space: Space,
    readonly level: string,
  ) {
    this.#engine = engine
    this.#space = space
    this.sync = {
      get: () => undefined,
      has: () => false,
      set: () => {},
      getOrSet: (_key, load) => this.#loadSync(load),
      delete: () => this.#refuse(),
    }
  }

  async get(): Promise<undefined> {
    return undefined
  }

  async lookup<T = V>(): Promise<Lookup<T>> {
    return { hit: false }
  }

  async has(): Promise<boolean> {
    return false
  }

  async set(): Promise<void> {}

  async getOrSet<T = V>(_key: Key, load: Load<T>): Promise<T> {
    this.#count()
    return load(new LoadContext<T>())
  }

  async delete(): Promise<boolean> {
    return this.#refuse()
  }

  async getMany(keys: readonly Key[]): Promise<undefined[]> {
    return keys.map(() => undefined)
  }

  async setMany(): Promise<void> {}

  async deleteMany(): Promise<number> {
    return this.#refuse()
  }

  async getOrSetMany<T = V, K extends Key = Key>(keys: readonly K[], load: LoadMany<K, T>): Promise<T[]> {
    this.#count()
    return keys.length === 0 ? [] : [...(await load(keys))]
  }

  async invalidate(): Promise<InvalidationResult> {
    return this.#refuse()
  }

  async purge(): Promise<PurgeResult> {
    return this.#refuse()
  }

  async invalidateTags(): Promise<InvalidationResult> {
    return this.#refuse()
  }

  stats(): ScopeStats {
    return nodeStats(undefined)
  }

  #loadSync<T>(load: LoadSync<T>): T {
    this.#count()
    const value = load(new LoadContext<T>())
    refusePromise(value)
    return value
  }

  #count(): void {
    this.#engine.bypass('scope-unresolved', this.#space, this.level)
  }

  #refuse(): never {
    throw new CacheError('ERR_CACHE_SCOPE', 'current: the context does not say whose scope this is')
  }
}
