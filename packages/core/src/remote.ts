import type { Engine } from './engine.js'
import type { MapKey } from './key-text.js'
import type { Entry, Lifetimes } from './memory/entry.js'
import type { Flight } from './flight.js'
import type { Place } from './memory/place.js'
import type { Tag } from './memory/tag-marks.js'

/** What a look-up in the store found out. */
export interface Sight {
  /** What may be served, by its age as fresh or stale; in memory now, as far as that keeps it. */
  readonly entry: Entry | undefined
  /** What a load that begins now is stamped with; the second tier's own affair, `undefined` where the store could not tell. */
  readonly stamps: unknown
  /** Of what is there, dead or alive: a load's result replaces just that. `undefined` where nothing is. */
  readonly writeId: Uint8Array | undefined
  /** When the look-up began, in milliseconds of the tier's time. */
  readonly began: number
  /** Since when what it says is known, stamps that were compared before included. */
  readonly comparedAt: number
}

/** A value on its way into the store. */
export interface Outgoing {
  readonly value: unknown
  readonly lifetimes: Lifetimes
  readonly tags: readonly Tag[]
}

/** What is left of a scope in the store, as `purge()` found it. */
export interface PurgeResult {
  /** Keys of the scope that were removed. */
  readonly removed: number
  /** Keys that were looked at. */
  readonly examined: number
}

/** How the second tier is; see `cache.health()`. */
export interface RemoteHealth {
  readonly name: string
  /** `'down'` while it cannot be read, `'read-only'` while it takes no writes: so long it is left alone. */
  readonly status: 'ok' | 'read-only' | 'down'
  /** Whether messages of other processes come; `'none'` where the store has no bus. */
  readonly bus: 'up' | 'down' | 'none'
  /** Invalidations that wait for the store. */
  readonly queued: number
}

/** What the second tier did, in this process, since the cache was made. */
export interface RemoteStats {
  /** Look-ups that found something to serve. */
  readonly hits: number
  readonly misses: number
  /** Operations that the store answered with an error. */
  readonly errors: number
  /** Operations that took longer than their deadline. */
  readonly timeouts: number
  /** Operations that were not tried, the circuit breaker being open. */
  readonly refused: number
  /** Values written. */
  readonly writes: number
  /** Values not written: too much was under way, the store failed, or something newer was there. */
  readonly dropped: number
  /** Values that no codec takes: they stay in this process's memory. */
  readonly unencodable: number
  /** Values that belonged to another key: an alarm, the connection delivers wrong replies. */
  readonly mismatches: number
  /** Values that were damaged, or not signed as they should be. */
  readonly corrupt: number
  /** Values of another version of this library. */
  readonly foreign: number
  /** Invalidations that had to wait for the store. */
  readonly queued: number
  /** Invalidations that were given up when the cache was closed. */
  readonly lost: number
  /** Messages of other processes that were missed, as far as it was noticed. */
  readonly gaps: number
}

/**
 * The second tier, as the rest of the cache sees it. Nothing here rejects: a store that is down, slow, hung or wrong is a miss.
 */
export interface Remote {
  /** What the store has under a key. Look-ups of one key share one round trip. */
  look(place: Place, key: MapKey): Promise<Sight>
  /** Whether what should be compared first is served all the same: the store cannot be asked. */
  blind(): boolean
  /** What a load is stamped with that begins without a look-up; `undefined` where that is not known without asking. */
  capture(place: Place): Sight | undefined
  /** Writes what a load brought, in the background: unless something was written, deleted or invalidated since its look-up. */
  keep(place: Place, flight: Flight, outgoing: Outgoing): void
  /** Writes a value over whatever is there, and tells other processes. */
  write(place: Place, key: MapKey, outgoing: Outgoing): Promise<void>
  /** Deletes a key, and tells other processes. */
  delete(place: Place, key: MapKey): Promise<void>
  /** Invalidates a scope; whether the store has it: otherwise it is queued. */
  invalidate(place: Place): Promise<boolean>
  /** Invalidates tags in a scope; whether the store has it: otherwise it is queued. */
  invalidateTags(place: Place, tags: readonly Tag[]): Promise<boolean>
  /**
   * One load among all processes: resolves to what another one brought; this one is to load where that is no entry, or
   * `undefined`. At the latest after `duration` milliseconds.
   */
  lease(place: Place, key: MapKey, duration: number): Promise<Sight | undefined>
  /** Ends a lease that {@link lease} gave. */
  release(place: Place, key: MapKey): void
  /** Removes what is left of a scope. Throws `ERR_CACHE_STORE` where the store fails, or cannot list keys. */
  purge(place: Place): Promise<PurgeResult>
  /** Resolves when the store answered or a second has passed. */
  ready(): Promise<void>
  health(): RemoteHealth
  stats(): RemoteStats
  /** Flushes what waits, within a second, and ends. */
  close(): Promise<void>
}

/** What the option `remote` takes: made by a store's package, or by `defineStore` of `@cacheado/core/store`. */
export interface RemoteStore {
  /** @internal */
  open(engine: Engine): Remote
}
