import { CacheError, configError } from './cache-error.js'
import { missingScopeOption, type Engine, type OnMissingScope } from './engine.js'
import { normalizeId } from './id.js'
import type { InvalidationResult } from './invalidation.js'
import type { Key } from './key-text.js'
import type { LevelNode } from './define-scopes.js'
import { Namespace, NAMESPACE_OPTIONS, type NamespaceOptions } from './namespace.js'
import { PlacedScope } from './placed-scope.js'
import { Place } from './memory/place.js'
import type { NamespaceState } from './namespace-state.js'
import type { Ids, Level } from './scope-types.js'
import type { BypassReason } from './signals.js'
import type { Scope } from './scope.js'

/** Takes the ids from the arguments themselves; see {@link WrapOptions.identity}. */
export const fromArguments: unique symbol = Symbol('cacheado.fromArguments')

/** Options of `wrap`, `wrapSync`, `wrapMany` and `@Cached`. */
export interface WrapOptions<A extends readonly unknown[], R> extends NamespaceOptions<R> {
  /** Names the function's namespace; unique within the cache, the same in every process. */
  readonly name: string
  /** Who shares a result. */
  readonly scope: Level
  /** What a result depends on. Default: all arguments. */
  readonly key?: ((...args: A) => Key) | undefined
  /**
   * Where the ids come from when the context does not know them: a function of the arguments, or `fromArguments`, which takes
   * them from the first argument that is an object with a property for each level. Where the context does know them, both
   * must agree, else the call is one of a caller who cannot be placed.
   */
  readonly identity?: ((...args: A) => Ids) | typeof fromArguments | undefined
  /** What a call does whose caller cannot be placed. Default: the cache's choice. */
  readonly onMissingScope?: OnMissingScope | undefined
}

/** The names of the options, those of `@Cached` included. */
export const WRAP_OPTIONS = [...NAMESPACE_OPTIONS, 'name', 'scope', 'key', 'identity', 'onMissingScope', 'cache']

/** What wrapped functions can do besides being called. */
export interface Wrapped<A extends readonly unknown[]> {
  /** Deletes the result for these arguments in the caller's scope. Whether it was there; `false` inside `deferInvalidations`. */
  delete(...args: A): Promise<boolean>
  /** Invalidates all results of the function, in all scopes. */
  invalidate(): Promise<InvalidationResult>
  /** The function's namespace: `fn.namespace.at(…)`, `.current(…)`, `.stats()`. */
  readonly namespace: Namespace
}

/** A wrapped asynchronous function: same signature. */
export type WrappedFunction<A extends readonly unknown[], R> = ((...args: A) => Promise<R>) &
  Wrapped<A> & {
    /** Calls the function for these arguments whatever is cached, and keeps the result. */
    refresh(...args: A): Promise<R>
  }

/** A wrapped synchronous function: same signature. */
export type WrappedSyncFunction<A extends readonly unknown[], R> = ((...args: A) => R) &
  Wrapped<A> & {
    /** See {@link WrappedFunction}. */
    refresh(...args: A): R
  }

/** A function's options, checked, and the road from its arguments to a scope and a key. */
export class CallSite<A extends readonly unknown[], R> {
  readonly engine: Engine
  readonly level: LevelNode
  readonly #state: NamespaceState
  readonly #options: WrapOptions<A, R>
  readonly #path: string
  readonly #onMissingScope: OnMissingScope

  constructor(state: NamespaceState, options: WrapOptions<A, R>) {
    this.engine = state.engine
    this.#state = state
    this.#options = options
    this.#path = `wrap(${options.name})`
    this.level = this.engine.forest.level(options.scope)
    this.#onMissingScope =
      missingScopeOption(options.onMissingScope, `${this.#path}.onMissingScope`) ?? this.engine.onMissingScope
    if (options.key !== undefined && typeof options.key !== 'function')
      throw configError(`${this.#path}.key`, 'a function')
  }

  /**
   * The caller's scope, or `undefined` where the call runs uncached.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` where the caller cannot be placed and `onMissingScope` is `'throw'`
   */
  scope(args: A): Scope<R> | undefined {
    const ids = this.#ids(args)
    if (Array.isArray(ids))
      return new PlacedScope<R>(this.#state, new Place(this.engine.tier, this.#state.space, this.level, ids))
    this.engine.bypass(ids, this.#state.space, this.level.name)
    if (this.#onMissingScope === 'throw') throw this.#missing()
    this.engine.signals.log.once(this.#path, 'a function runs uncached: its caller has no scope', {
      name: this.#options.name,
      level: this.level.name,
    })
    return undefined
  }

  /** The caller's scope, for what cannot be left undone. */
  requiredScope(args: A): Scope<R> {
    const scope = this.scope(args)
    if (scope === undefined) throw this.#missing()
    return scope
  }

  key(args: A): Key {
    return this.#options.key ? this.#options.key(...args) : args
  }

  /** The ids on the level's path, of the context, of the arguments, or of both where they agree; else why there are none. */
  #ids(args: A): string[] | BypassReason {
    const { context } = this.engine
    const { identity } = this.#options
    if (identity === undefined || this.level.path.length === 0) {
      return context.pathIds(this.level) ?? 'scope-unresolved'
    }
    const given = identity === fromArguments ? idsAmong(args, this.level) : identity(...args)
    const known = context.ids
    const path: string[] = []
    for (const step of this.level.path) {
      const id = normalizeId((given as Record<string, unknown> | undefined)?.[step.name])
      const ambient = known.get(step.name)
      if (id === undefined) return 'scope-unresolved'
      if (ambient !== undefined && ambient !== id) return 'scope-conflict'
      path.push(id)
    }
    return path
  }

  #missing(): CacheError {
    return new CacheError('ERR_CACHE_SCOPE', `${this.#path}: the caller cannot be placed at level "${this.level.name}"`)
  }
}

/** The first argument that is an object with an own property for each level of the path. */
function idsAmong(args: readonly unknown[], level: LevelNode): object | undefined {
  return args.find(
    (argument): argument is object =>
      typeof argument === 'object' &&
      argument !== null &&
      level.path.every((step) => Object.hasOwn(argument, step.name)),
  )
}

/** A function whose results are kept in the caller's scope. */
export function wrapFunction<A extends readonly unknown[], R>(
  fn: (...args: A) => Promise<R> | R,
  state: NamespaceState,
  options: WrapOptions<A, R>,
): WrappedFunction<A, R> {
  const site = new CallSite<A, R>(state, options)
  return callable(site, state, async (self, args, refresh) => {
    const load = () => Reflect.apply(fn, self, args)
    const scope = site.scope(args)
    return scope === undefined ? load() : scope.getOrSet<R>(site.key(args), load, refresh)
  })
}

/** A synchronous function whose results are kept in the caller's scope, in this process's memory. */
export function wrapSyncFunction<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  state: NamespaceState,
  options: WrapOptions<A, R>,
): WrappedSyncFunction<A, R> {
  const site = new CallSite<A, R>(state, options)
  return callable(site, state, (self, args, refresh) => {
    const load = () => Reflect.apply(fn, self, args)
    const scope = site.scope(args)
    return scope === undefined ? load() : scope.sync.getOrSet<R>(site.key(args), load, refresh)
  })
}

type Call<A extends readonly unknown[], R> = (self: unknown, args: A, refresh?: { readonly refresh: true }) => R

/** The call as a function, with what wrapped functions can do besides being called. */
function callable<A extends readonly unknown[], R, O>(
  site: CallSite<A, R>,
  state: NamespaceState,
  call: Call<A, O>,
): ((...args: A) => O) & Wrapped<A> & { refresh(...args: A): O } {
  const namespace = new Namespace(state.space.name, state)
  const wrapped = function (this: unknown, ...args: A): O {
    return call(this, args)
  }
  return Object.assign(wrapped, {
    namespace,
    invalidate: () => namespace.invalidate(),
    delete: async (...args: A) => site.requiredScope(args).delete(site.key(args)),
    refresh(this: unknown, ...args: A) {
      return call(this, args, { refresh: true })
    },
  })
}
