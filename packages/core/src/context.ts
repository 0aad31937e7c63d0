import type { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError } from './cache-error.js'
import type { LevelNode, ScopeForest } from './define-scopes.js'
import type { Deferral } from './deferral.js'
import { normalizeId } from './id.js'
import { asyncLocalStorage } from './platform.js'

/** The ids by level, or what tells them whenever they are asked for: a request's identity may be known only later. */
type IdSource = ReadonlyMap<string, string> | (() => ReadonlyMap<string, string>)

/** What the ambient context holds for one cache. Immutable: entering a scope makes a new one. */
interface Frame {
  /** Which cache it belongs to: a library's cache never inherits the application's ids. */
  readonly owner: object
  readonly ids: IdSource
  readonly deferral: Deferral | undefined
  /** The frames of other caches. */
  readonly others: Frame | undefined
}

/** One storage for the process, however many copies of this module it holds (bundlers, ESM beside CommonJS). */
const STORAGE = Symbol.for('cacheado.context')

function storage(): AsyncLocalStorage<Frame> | undefined {
  const shared = globalThis as { [STORAGE]?: AsyncLocalStorage<Frame> }
  if (shared[STORAGE] === undefined) {
    const Storage = asyncLocalStorage()
    if (Storage) shared[STORAGE] = new Storage<Frame>()
  }
  return shared[STORAGE]
}

const NOBODY: ReadonlyMap<string, string> = new Map()

/** Who asks, for everything called inside; one for each cache. */
export class Context {
  readonly #forest: ScopeForest

  constructor(forest: ScopeForest) {
    this.#forest = forest
  }

  /**
   * Calls `fn` with these ids as the context; they replace what was there, they never merge with it.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level or an invalid id, `ERR_CACHE_CONTEXT` where the platform
   *   has no asynchronous context
   */
  run<R>(ids: Readonly<Record<string, unknown>>, fn: () => R): R {
    return this.#enter(this.#checked(ids), this.deferral, fn)
  }

  /** Calls `fn` with ids that are asked for whenever they are needed; where the platform has no such context, without them. */
  follow<R>(ids: () => ReadonlyMap<string, string>, fn: () => R): R {
    return storage() === undefined ? fn() : this.#enter(ids, this.deferral, fn)
  }

  /**
   * Calls a loader with the ids down to its level only: it must not see more than its entry is keyed by, not even through
   * another cache.
   */
  narrow<R>({ level, ids }: { readonly level: LevelNode; readonly ids: readonly string[] }, fn: () => R): R {
    if (storage() === undefined) return fn()
    const known = new Map(level.path.map((step, at) => [step.name, ids[at] as string]))
    return this.#enter(known, this.deferral, fn, (others) => agreeing(others, known))
  }

  /** Calls `fn` with a deferral that collects the invalidations made inside. */
  defer<R>(deferral: Deferral, fn: () => R): R {
    return this.#enter(this.#frame?.ids ?? NOBODY, deferral, fn)
  }

  /** The deferral in force, if any. */
  get deferral(): Deferral | undefined {
    return this.#frame?.deferral
  }

  /** The ids known here, by level; empty outside of any context. */
  get ids(): ReadonlyMap<string, string> {
    const frame = this.#frame
    return frame === undefined ? NOBODY : idsOf(frame)
  }

  /** The ids on the level's path, or `undefined` where one is missing: such a caller cannot be placed. */
  pathIds(level: LevelNode): string[] | undefined {
    const { ids } = this
    const path: string[] = []
    for (const step of level.path) {
      const id = ids.get(step.name)
      if (id === undefined) return undefined
      path.push(id)
    }
    return path
  }

  /** @throws CacheError `ERR_CACHE_CONTEXT` where the platform has no asynchronous context */
  require(): AsyncLocalStorage<Frame> {
    const store = storage()
    if (store !== undefined) return store
    throw new CacheError('ERR_CACHE_CONTEXT', 'this platform has no AsyncLocalStorage: use at() instead of a context')
  }

  get #frame(): Frame | undefined {
    let frame = storage()?.getStore()
    while (frame !== undefined && frame.owner !== this) frame = frame.others
    return frame
  }

  #enter<R>(ids: IdSource, deferral: Deferral | undefined, fn: () => R, seen = (others?: Frame) => others): R {
    const store = this.require()
    return store.run({ owner: this, ids, deferral, others: seen(without(store.getStore(), this)) }, fn)
  }

  #checked(ids: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
    if (typeof ids !== 'object' || ids === null) throw new CacheError('ERR_CACHE_SCOPE', 'run: expected ids by level')
    const known = new Map<string, string>()
    for (const name of Object.keys(ids)) {
      if (!this.#forest.has(name)) throw new CacheError('ERR_CACHE_SCOPE', 'run: expected ids of declared levels only')
      if (ids[name] === undefined) continue
      const id = normalizeId(ids[name])
      if (id === undefined) throw new CacheError('ERR_CACHE_SCOPE', `run: expected a valid id for level "${name}"`)
      known.set(name, id)
    }
    return known
  }
}

function idsOf({ ids }: Frame): ReadonlyMap<string, string> {
  return typeof ids === 'function' ? ids() : ids
}

/** The frames of other caches as a loader may see them: with those ids only that its entry is keyed by. */
function agreeing(frame: Frame | undefined, known: ReadonlyMap<string, string>): Frame | undefined {
  if (frame === undefined) return undefined
  const ids = () => new Map([...idsOf(frame)].filter(([level, id]) => known.get(level) === id))
  return { ...frame, ids, others: agreeing(frame.others, known) }
}

/** The frames of all caches but one. */
function without(frame: Frame | undefined, owner: object): Frame | undefined {
  if (frame === undefined) return undefined
  if (frame.owner === owner) return frame.others
  const others = without(frame.others, owner)
  return others === frame.others ? frame : { ...frame, others }
}
