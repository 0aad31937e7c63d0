import { BypassScope } from '../bypass-scope.js'
import type { LevelNode } from '../define-scopes.js'
import type { Engine } from '../engine.js'
import type { LoadMany } from '../batch.js'
import type { InvalidationResult } from '../invalidation.js'
import type { Key } from '../key-text.js'
import type { Load } from '../load-context.js'
import type { Policy } from '../policy.js'
import type { PurgeResult } from '../remote.js'
import type { Level } from '../scope-types.js'
import type { GetOrSetOptions, Lookup, Scope, SyncScope } from '../scope.js'
import { ScopedCache } from '../scoped-cache.js'
import type { ScopeStats } from '../scope-stats.js'
import type { Known, RequestIdentity } from './request-identity.js'

/** The caller's own scope at one level: each operation finds out who asks, and then is that scope's. */
export class AwaitedScope implements Scope {
  readonly #cache: ScopedCache
  readonly #engine: Engine
  readonly #level: LevelNode
  readonly #identity: RequestIdentity

  /** @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level */
  constructor(cache: ScopedCache, level: Level, identity: RequestIdentity) {
    this.#cache = cache
    this.#engine = ScopedCache.engineOf(cache)
    this.#level = this.#engine.forest.level(level)
    this.#identity = identity
  }

  get level(): string {
    return this.#level.name
  }

  /** On what is known without waiting; an identity that takes time to find is nobody's here. */
  get sync(): SyncScope {
    return this.#now().sync
  }

  async get<T>(key: Key): Promise<T | undefined> {
    return (await this.#scope()).get<T>(key)
  }

  async lookup<T>(key: Key): Promise<Lookup<T>> {
    return (await this.#scope()).lookup<T>(key)
  }

  async has(key: Key): Promise<boolean> {
    return (await this.#scope()).has(key)
  }

  async set<T>(key: Key, value: T, options?: Policy): Promise<void> {
    return (await this.#scope()).set(key, value, options)
  }

  async getOrSet<T>(key: Key, load: Load<T>, options?: GetOrSetOptions<T>): Promise<T> {
    return (await this.#scope()).getOrSet<T>(key, load, options)
  }

  async delete(key: Key): Promise<boolean> {
    return (await this.#scope()).delete(key)
  }

  async getMany<T>(keys: readonly Key[]): Promise<(T | undefined)[]> {
    return (await this.#scope()).getMany<T>(keys)
  }

  async setMany<T>(pairs: Iterable<readonly [Key, T]>, options?: Policy): Promise<void> {
    return (await this.#scope()).setMany(pairs, options)
  }

  async deleteMany(keys: readonly Key[]): Promise<number> {
    return (await this.#scope()).deleteMany(keys)
  }

  async getOrSetMany<T, K extends Key = Key>(
    keys: readonly K[],
    load: LoadMany<K, T>,
    options?: Policy<T>,
  ): Promise<T[]> {
    return (await this.#scope()).getOrSetMany<T, K>(keys, load, options)
  }

  async invalidate(): Promise<InvalidationResult> {
    return (await this.#scope()).invalidate()
  }

  async invalidateTags(tags: readonly string[]): Promise<InvalidationResult> {
    return (await this.#scope()).invalidateTags(tags)
  }

  async purge(): Promise<PurgeResult> {
    return (await this.#scope()).purge()
  }

  stats(): ScopeStats {
    return this.#now().stats()
  }

  async #scope(): Promise<Scope> {
    return this.#scopeOf(await this.#identity.ask())
  }

  #now(): Scope {
    const known = this.#identity.ask()
    return this.#scopeOf(known instanceof Promise ? undefined : known)
  }

  #scopeOf(known: Known | undefined): Scope {
    const ids: Readonly<Record<string, string>> = known?.status === 'known' ? known.ids : {}
    if (this.#level.path.every((step) => ids[step.name] !== undefined)) return this.#cache.at(this.level, ids)
    return new BypassScope(this.#engine, this.#engine.tier.space('', undefined), this.level)
  }
}
