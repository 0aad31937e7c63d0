import type { CacheEvents } from './signals.js'
import { CacheError, configError } from './cache-error.js'
import { Deferral } from './deferral.js'
import { Engine, type CacheOptions } from './engine.js'
import type { InvalidationResult } from './invalidation.js'
import { Namespace, NAMESPACE_OPTIONS, currentScope, scopeAt, type NamespaceOptions } from './namespace.js'
import { Namespaces, type NamespaceTraits } from './namespaces.js'
import type { NamespaceState } from './namespace-state.js'
import { refuseUnknown } from './policy.js'
import type { RemoteHealth } from './remote.js'
import type { Ids, IdsOf, Level } from './scope-types.js'
import type { Scope } from './scope.js'
import { cacheStats, topScopes, type CacheStats, type RankedBy, type TopScope } from './scope-stats.js'
import { wrapManyFunction, type WrapManyOptions, type WrappedManyFunction } from './wrap-many.js'
import {
  WRAP_OPTIONS,
  wrapFunction,
  wrapSyncFunction,
  type WrapOptions,
  type WrappedFunction,
  type WrappedSyncFunction,
} from './wrap.js'

/** Types that a function alone tells: what stands in its options infers none, so that it keeps its whole signature. */
type Known<T> = T extends unknown ? T : never

/** How a cache is; see `cache.health()`. */
export interface CacheHealth {
  readonly status: 'ok' | 'closed'
  readonly memory: {
    readonly entries: number
    readonly bytes: number
    readonly maxEntries: number
    readonly maxBytes: number
    readonly policy: string
  }
  /** The second tier, where there is one. */
  readonly remote?: RemoteHealth
}

/**
 * A cache whose every value lives in a scope. Make one with `createCache`; the class itself is the injection token of
 * `@cacheado/nestjs`.
 */
export class ScopedCache implements AsyncDisposable {
  readonly #engine: Engine
  readonly #namespaces: Namespaces
  readonly #open: NamespaceState

  constructor(options: CacheOptions = {}) {
    this.#engine = new Engine(options)
    this.#namespaces = new Namespaces(this.#engine)
    const { tier, policy, values } = this.#engine
    this.#open = { engine: this.#engine, space: tier.space('', undefined), policy, values, schema: undefined }
  }

  /** @internal For the other parts of this package. */
  static engineOf(cache: ScopedCache): Engine {
    return cache.#engine
  }

  /** @internal Registers the namespace of a route. */
  static registerNamespace(
    cache: ScopedCache,
    name: string,
    options: NamespaceOptions<never>,
    traits: NamespaceTraits,
  ): NamespaceState {
    return cache.#namespaces.register(name, options, traits)
  }

  /** What all callers share. The only scope that everybody reads: it is always said aloud. */
  get global(): Scope {
    return scopeAt(this.#open, 'global', {})
  }

  /**
   * One scope: the level decides the path, surplus ids are ignored.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, a missing or an invalid id
   * @example
   * ```ts
   * const alice = cache.at('user', { organization: 'org_123', user: 'user_456' })
   * ```
   */
  at<K extends Level>(level: K, ids: IdsOf<K>): Scope {
    return scopeAt(this.#open, level, ids)
  }

  /**
   * The caller's own scope, from the context. Where the context does not say who asks, it is a handle that shares with nobody:
   * reads miss, writes do nothing, loaders run; what removes something throws `ERR_CACHE_SCOPE`.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, `ERR_CACHE_CONTEXT` on a platform without asynchronous context
   */
  current(level: Level): Scope {
    return currentScope(this.#open, level)
  }

  /**
   * Calls `fn` with these ids as the context of everything called inside: jobs, queues, sockets; adapters do it for requests.
   * They replace the context, they never merge with it, and they are this cache's alone.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level or an invalid id, `ERR_CACHE_CONTEXT` on a platform without
   *   asynchronous context
   * @example
   * ```ts
   * await cache.run({ organization: 'org_123', user: 'user_456' }, () => preferences({ locale: 'pt' }))
   * ```
   */
  run<R>(ids: Ids, fn: () => R): R {
    return this.#engine.context.run(ids, fn)
  }

  /** The ids of the context, safe to send: plain JSON, without those of secret levels. Empty outside of any context. */
  identity(): Readonly<Record<string, string>> {
    const { context, forest } = this.#engine
    const shown = [...context.ids].filter(([name]) => !forest.level(name).secret)
    return Object.fromEntries(shown)
  }

  /**
   * A group of entries with a policy and bounds of its own. The same name with equal options is the same namespace.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, or for a name that is known with other options
   */
  namespace<T = unknown>(name: string, options: NamespaceOptions<T> = {}): Namespace<T> {
    refuseUnknown(options, NAMESPACE_OPTIONS, `namespace(${name})`)
    return new Namespace<T>(name, this.#namespaces.register(name, options))
  }

  /**
   * A function with the same signature whose results are kept in the caller's scope. The context says who asks, or `identity`.
   * `this` is passed on and is no part of the key.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, or for a name that is known with other options
   * @example
   * ```ts
   * const preferences = cache.wrap(loadPreferences, { name: 'preferences', scope: 'user', ttl: '10m' })
   * ```
   */
  wrap<A extends readonly unknown[], R>(
    fn: (...args: A) => Promise<R> | R,
    options: WrapOptions<Known<A>, Known<R>>,
  ): WrappedFunction<A, R> {
    return wrapFunction(fn, this.#wrapState(fn, options, options.identity), options)
  }

  /** {@link ScopedCache.wrap} for a synchronous function, which stays synchronous. Reads this process's memory only. */
  wrapSync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options: WrapOptions<Known<A>, Known<R>>,
  ): WrappedSyncFunction<A, R> {
    return wrapSyncFunction(fn, this.#wrapState(fn, options, options.identity), options)
  }

  /** {@link ScopedCache.wrap} for a function of many items: it sees only those that are missing. */
  wrapMany<I, R>(
    fn: (items: readonly I[]) => Promise<readonly R[]> | readonly R[],
    options: WrapManyOptions<Known<I>, Known<R>>,
  ): WrappedManyFunction<I, R> {
    return wrapManyFunction(fn, this.#wrapState(fn, options, undefined), options)
  }

  /**
   * Applies the invalidations and deletes made inside after `fn` resolves, none of them if it throws: for a transaction, whose
   * changes nobody can read before it commits.
   *
   * @returns what `fn` returns
   * @throws CacheError `ERR_CACHE_CONTEXT` on a platform without asynchronous context; and whatever `fn` throws
   */
  async deferInvalidations<R>(fn: () => Promise<R> | R): Promise<R> {
    const { context } = this.#engine
    const outer = context.deferral
    const deferral = new Deferral()
    try {
      const result = await context.defer(deferral, fn)
      // Inside of another one, nothing is committed before that is.
      for (const apply of deferral.close()) {
        if (outer?.open === true) outer.add(apply)
        else await apply()
      }
      return result
    } finally {
      deferral.close()
    }
  }

  /** Invalidates everything of this cache; the same as `cache.global.invalidate()`. */
  clear(): Promise<InvalidationResult> {
    return this.global.invalidate()
  }

  /** What happened in this process since the cache was made. */
  stats(): CacheStats {
    return cacheStats(this.#engine)
  }

  /**
   * The scopes of a level that rank first by a count, in order. Scans them in slices that leave the event loop free.
   *
   * @param count how many at the most; default 10
   * @param by what they are ranked by; default `'entries'`
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level
   */
  topScopes(level: Level, count = 10, by: RankedBy = 'entries'): Promise<TopScope[]> {
    return topScopes(this.#engine, level, count, by)
  }

  /**
   * Calls `listener` on each event of that name. A listener that throws is logged and hurts nobody.
   *
   * @returns what stops it
   * @throws CacheError `ERR_CACHE_CONFIG` for a name that is no event
   */
  on<K extends keyof CacheEvents>(name: K, listener: (event: CacheEvents[K]) => void): () => void {
    if (typeof listener !== 'function') throw configError('on', 'a function')
    return this.#engine.signals.on(name, listener)
  }

  /**
   * Resolves when the cache can be used: at once with the memory tier alone; with a store, when that answered, or after a second:
   * a store that is down keeps nobody from starting.
   *
   * @throws CacheError `ERR_CACHE_CLOSED`
   */
  async ready(): Promise<void> {
    if (this.#engine.closed) throw new CacheError('ERR_CACHE_CLOSED', 'the cache is closed')
    await this.#engine.remote?.ready()
  }

  /** How the cache is. Never throws. */
  health(): CacheHealth {
    const { root, limits, policy } = this.#engine.tier
    const { remote } = this.#engine
    return {
      ...(remote && { remote: remote.health() }),
      status: this.#engine.closed ? 'closed' : 'ok',
      memory: { entries: root.entries, bytes: root.bytes, ...limits, policy: policy.name },
    }
  }

  /** Resolves when no background work is running: reloads of stale values. For tests and for shutting down. */
  settled(): Promise<void> {
    return this.#engine.background.settled()
  }

  /**
   * Ends it: running loads are aborted, memory is freed, timers stop; with a store, what still waits to be written there gets a
   * second. Resolves when all that is over. Afterwards reads miss, writes do nothing and loaders run;
   * invalidations throw `ERR_CACHE_CLOSED`. A second call does nothing.
   */
  async close(): Promise<void> {
    const engine = this.#engine
    if (engine.closed) return
    engine.closed = true
    const reason = new CacheError('ERR_CACHE_CLOSED', 'the cache was closed while this was loading')
    for (const load of engine.loads) load.abort(reason)
    engine.tier.close()
    await engine.remote?.close()
  }

  /** {@link ScopedCache.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #wrapState(fn: unknown, options: WrapOptions<never, never> | object, identity: unknown): NamespaceState {
    if (typeof fn !== 'function') throw configError('wrap', 'a function')
    const { name, key, scope } = options as WrapOptions<never, never>
    refuseUnknown(options, WRAP_OPTIONS, `wrap(${name})`)
    if (!this.#engine.forest.has(scope)) throw configError(`wrap(${name}).scope`, 'a declared level or "global"')
    return this.#namespaces.register(name, options, { producers: [fn, key, identity] })
  }
}
