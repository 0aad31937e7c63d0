import type { Channel } from 'node:diagnostics_channel'
import { configError } from './cache-error.js'
import { LogSink, type Logger } from './logger.js'
import { builtin } from './platform.js'

/** Where something happened: never an id, a key or a value (rule R-35). */
export interface CacheEvent {
  /** The namespace, wrapped function or route; empty outside of any. */
  readonly namespace: string
  /** The level of the scope. */
  readonly level: string
}

/** Why a call was not cached. A fixed list, so that it can be a metric's label. */
export type BypassReason =
  | 'scope-unresolved'
  | 'scope-conflict'
  | 'key-too-long'
  | 'value-refused'
  | 'too-many-loads'
  | 'not-shareable'
  | 'closed'
  | 'memory-off'
  | 'request'
  | 'response'

/**
 * What happened between a process and its store: reads or writes are given up (`down`) or go through again (`up`); messages of
 * other processes come (`bus-up`), do not (`bus-down`), or were missed (`bus-gap`); a value of another key came (`mismatch`, an
 * alarm), a damaged one (`corrupt`), one of another version of this library (`foreign`); a value was not written (`dropped`), or
 * no codec takes it (`unencodable`); an invalidation waits for the store (`queued`), reached it at last (`replayed`), or was
 * given up when the cache was closed (`lost`).
 */
export type StoreEventKind =
  | 'reads-down'
  | 'reads-up'
  | 'writes-down'
  | 'writes-up'
  | 'bus-up'
  | 'bus-down'
  | 'bus-gap'
  | 'mismatch'
  | 'corrupt'
  | 'foreign'
  | 'dropped'
  | 'unencodable'
  | 'queued'
  | 'replayed'
  | 'lost'

/** Every event and what its listeners get. */
export interface CacheEvents {
  /** A fresh value was found. */
  hit: CacheEvent
  /** Nothing usable was found. */
  miss: CacheEvent
  /** A stale value was served. */
  stale: CacheEvent
  /** A load ended, after `duration` milliseconds; `error` is what it threw, where it did. */
  load: CacheEvent & { readonly duration: number; readonly error?: unknown }
  /** A value was stored. */
  set: CacheEvent
  /** One key was deleted. */
  delete: CacheEvent
  /** An entry left for lack of room. */
  evict: CacheEvent
  /** An entry's time was over. */
  expire: CacheEvent
  /** A scope, or tags in it, were invalidated; `entries` left memory at once, `tags` says how many were named. */
  invalidate: CacheEvent & { readonly entries: number; readonly tags: number }
  /** A call ran as if there were no cache. */
  bypass: CacheEvent & {
    readonly reason: BypassReason
    /** For `'request'` and `'response'`: why, in the words of `Cache-Status`; from a fixed list, too. */
    readonly detail?: string | undefined
  }
  /** Something happened between this process and its store; `kind` comes from a fixed list. */
  store: { readonly kind: StoreEventKind }
  /** Something failed that no caller is told of: background work, or `cacheIf`. */
  error: CacheEvent & { readonly error: unknown }
}

type Listener<T> = (event: T) => void

/** One event: who listens, and its diagnostics channel. */
export class Topic<T> {
  readonly #listeners = new Set<Listener<T>>()
  readonly #channel: Channel | undefined

  constructor(name: string) {
    this.#channel = builtin<typeof import('node:diagnostics_channel')>('node:diagnostics_channel')?.channel(name)
  }

  /** Whether anybody wants to know: asked before an event is made on a hot path. */
  get active(): boolean {
    return this.#listeners.size > 0 || this.#channel?.hasSubscribers === true
  }

  add(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Tells everybody. A listener that throws hurts nobody else; what it threw is given back. */
  publish(event: T): unknown {
    let failure: unknown
    this.#channel?.publish(event)
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        failure = error
      }
    }
    return failure
  }
}

const NAMES: readonly (keyof CacheEvents)[] = [
  'hit',
  'miss',
  'stale',
  'load',
  'set',
  'delete',
  'evict',
  'expire',
  'invalidate',
  'bypass',
  'store',
  'error',
]

/**
 * What a cache tells: to listeners, to `node:diagnostics_channel` (`cacheado:<event>`) where there is one, and to the
 * logger.
 */
export class Signals {
  readonly hit = new Topic<CacheEvents['hit']>('cacheado:hit')
  readonly log: LogSink
  readonly #topics: ReadonlyMap<string, Topic<never>>

  constructor(logger: Logger | undefined) {
    this.log = new LogSink(logger)
    this.#topics = new Map(
      NAMES.map((name) => [name, (name === 'hit' ? this.hit : new Topic(`cacheado:${name}`)) as Topic<never>]),
    )
  }

  /**
   * Calls `listener` on each event of that name; returns what stops it.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a name that is no event
   */
  on<K extends keyof CacheEvents>(name: K, listener: Listener<CacheEvents[K]>): () => void {
    return this.#topic(name).add(listener)
  }

  emit<K extends keyof CacheEvents>(name: K, event: CacheEvents[K]): void {
    const topic = this.#topic(name)
    if (!topic.active) return
    const failure = topic.publish(event)
    if (failure !== undefined) this.log.once(`on(${name})`, 'an event listener threw', { event: name })
  }

  #topic<K extends keyof CacheEvents>(name: K): Topic<CacheEvents[K]> {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw configError('on', `one of ${NAMES.join(', ')}`)
    return topic as unknown as Topic<CacheEvents[K]>
  }
}
