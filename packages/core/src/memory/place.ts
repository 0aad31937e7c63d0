import { checkKey, type MapKey } from '../key-text.js'
import type { LevelNode } from '../define-scopes.js'
import { Flight, type Settlement } from '../flight.js'
import type { ResolvedPolicy } from '../policy.js'
import type { Outgoing } from '../remote.js'
import type { BypassReason, CacheEvent } from '../signals.js'
import type { Counted } from './counters.js'
import type { Entry, Lifetimes } from './entry.js'
import type { Leaf } from './leaf.js'
import type { Kept, MemoryTier } from './memory-tier.js'
import type { ScopeNode } from './scope-node.js'
import type { Space } from './space.js'
import type { Tag } from './tag-marks.js'

/** What a value is stored with. */
export interface Terms {
  readonly policy: Pick<ResolvedPolicy, 'ttl' | 'staleWhileRevalidate' | 'staleIfError' | 'refreshAhead' | 'jitter'>
  readonly tags: readonly string[]
  readonly bytes?: number | undefined
}

/**
 * One scope within one namespace: where values are read and written. It remembers the leaf it found, so that a hit is one map
 * look-up; when the leaf left the tree, or the tree has a new version, it looks its scope up again.
 */
export class Place {
  #leaf: Leaf | undefined
  #version = -1
  #ids: readonly string[] | undefined
  readonly #node: ScopeNode | undefined

  constructor(
    readonly tier: MemoryTier,
    readonly space: Space,
    readonly level: LevelNode,
    /** The scope's node, where it was found, or its ids. */
    at: ScopeNode | readonly string[],
  ) {
    if (Array.isArray(at)) {
      this.#ids = at
    } else {
      // A handle made for one operation is common, one per request: it walks its path once, not twice.
      this.#node = at as ScopeNode
      this.#leaf = this.#node.leaves.get(space)
      this.#version = tier.version
    }
  }

  /** The ids on the scope's path, from the root down. */
  get ids(): readonly string[] {
    return (this.#ids ??= (this.#node as ScopeNode).ids())
  }

  /** The fresh entry under the key, counted as a hit; `undefined` for anything that takes more thought. */
  fresh(key: MapKey): Entry | undefined {
    const tier = this.tier
    let leaf = this.#leaf
    if (leaf === undefined || leaf.detached || this.#version !== tier.version) leaf = this.#look()
    if (leaf === undefined) return undefined
    const entry = leaf.entries.get(key)
    if (entry === undefined || !tier.unmarked(entry) || entry.calmUntil <= tier.time.now()) return undefined
    this.#hit(leaf, entry)
    return entry
  }

  /** The fresh entry under the key, counted as a hit or a miss; for callers that load nothing. */
  freshOrMiss(key: MapKey): Entry | undefined {
    const calm = this.fresh(key)
    if (calm !== undefined) return calm
    const entry = this.find(key)
    return this.counted(entry !== undefined && this.trusts(entry) ? entry : undefined)
  }

  /** The entry if it is fresh, counted as a hit; else a miss is counted. */
  counted(entry: Entry | undefined): Entry | undefined {
    if (entry !== undefined && this.tier.time.now() < entry.freshUntil) {
      this.hit(entry)
      return entry
    }
    this.tell('miss', 'misses')
    return undefined
  }

  /** The entry under the key whatever its age, unless it is dead. Counts nothing but the expiration of a dead one. */
  find(key: MapKey): Entry | undefined {
    checkKey(key)
    const entry = this.leaf?.entries.get(key)
    if (entry === undefined) return undefined
    if (this.tier.alive(entry, this.tier.time.exact())) return entry
    this.tier.expire(entry)
    return undefined
  }

  /** Whether an entry may be served without asking the store about it. */
  trusts(entry: Entry): boolean {
    const { remote, time } = this.tier
    return remote === undefined || time.now() < entry.trustedUntil || remote.blind()
  }

  /** Whether an entry that was found before can still be given out: it was not deleted, replaced or invalidated meanwhile. */
  serves(entry: Entry): boolean {
    return this.leaf?.entries.get(entry.key) === entry && this.tier.alive(entry, this.tier.time.exact())
  }

  /** Counts a fresh entry that {@link fresh} left to closer inspection; one that memory did not keep as well. */
  hit(entry: Entry): void {
    if (entry.leaf.entries.get(entry.key) === entry) this.#hit(entry.leaf, entry)
    else this.count('hits')
  }

  /**
   * Stores a value that was not loaded; a load under way for the key is detached. Not where making the value throws.
   *
   * @returns what resolves when the second tier has it too, or has given up; it goes on without being waited for
   */
  write(key: MapKey, value: () => unknown, terms: Terms): Promise<void> | undefined {
    checkKey(key)
    this.detachFlight(key)
    let kept: unknown
    try {
      kept = value()
    } catch {
      // What is there is older than what was to replace it: it goes even where the new value cannot be kept.
      this.delete(key)
      this.bypass('value-refused')
      return undefined
    }
    const leaf = this.obtain()
    const { sequence, time, remote } = this.tier
    const outgoing = this.#outgoing(kept, terms)
    this.#keep(leaf, key, outgoing, { born: sequence, bytes: terms.bytes, verifiedAt: time.now() })
    if (leaf.empty) this.tier.prune(leaf)
    return remote?.write(this, key, outgoing)
  }

  /** Deletes a key, in the second tier in the background. Whether anything usable was in memory. */
  delete(key: MapKey): boolean {
    const there = this.forget(key)
    void this.tier.remote?.delete(this, key)
    return there
  }

  /** Deletes a key, and resolves when the second tier has done so too, or has queued it. Whether anything usable was there. */
  async deleteEverywhere(key: MapKey): Promise<boolean> {
    const { remote } = this.tier
    if (remote === undefined) return this.forget(key)
    const there = this.find(key) !== undefined || (await remote.look(this, key)).entry !== undefined
    this.forget(key)
    await remote.delete(this, key)
    return there
  }

  /** Deletes a key in memory; a load under way for it is detached. Whether anything usable was there. */
  forget(key: MapKey): boolean {
    this.detachFlight(key)
    const entry = this.find(key)
    if (entry === undefined) return false
    this.tier.remove(entry)
    this.tell('delete', 'deletes')
    return true
  }

  /** The load under way for the key, unless an invalidation came after it began. */
  flight(key: MapKey): Flight | undefined {
    const flight = this.leaf?.flights?.get(key)
    if (flight === undefined || this.tier.markedSince(flight.leaf.node, flight.born)) return undefined
    return flight
  }

  /**
   * Begins a load: captures the stamps, and lets others join unless there are too many loads. It takes the place of one that
   * is under way.
   */
  lead(key: MapKey): Flight {
    checkKey(key)
    return this.#register(new Flight(this.obtain(), key, this.tier.sequence))
  }

  /** A load under another key with the stamps of one under way: a response learns late which variant of its URL it is. */
  branch(flight: Flight, key: MapKey): Flight {
    checkKey(key)
    const branch = new Flight(flight.leaf, key, flight.born)
    // What the store has under the new key was not asked: only what is missing there is written.
    branch.sight = flight.sight && { ...flight.sight, entry: undefined, writeId: undefined }
    return this.#register(branch)
  }

  /** Ends a load with a value: keeps it if nothing was invalidated, deleted or written meanwhile. */
  land(flight: Flight, value: unknown, terms: Terms): boolean {
    const registered = this.#current(flight, terms.tags)
    this.#leave(flight)
    const { leaf, key, sight, born } = flight
    const outgoing = this.#outgoing(value, terms)
    const verifiedAt = sight?.comparedAt ?? this.tier.time.now()
    const stored = registered !== undefined && this.#keep(leaf, key, outgoing, { born, bytes: terms.bytes, verifiedAt })
    if (registered !== undefined) this.tier.remote?.keep(this, flight, outgoing)
    if (flight.leaf.empty) this.tier.prune(flight.leaf)
    const settlement: Settlement = stored
      ? { status: 'stored', value }
      : { status: registered ? 'unshared' : 'outdated' }
    if (stored && registered !== flight) registered.release(settlement)
    flight.settle(settlement)
    return stored
  }

  /** Ends a load without a value to keep. */
  abandon(flight: Flight, settlement: Settlement = { status: 'unshared' }): void {
    this.settle(flight, settlement)
  }

  /** Ends a load: whoever waits is told how. */
  settle(flight: Flight, settlement: Settlement): void {
    this.#leave(flight)
    if (flight.leaf.empty) this.tier.prune(flight.leaf)
    flight.settle(settlement)
  }

  /** Adds to the counts of the scope and of the namespace. */
  count(what: Counted, by = 1): void {
    ;(this.leaf ?? this.#nearest()).count(what, by)
    this.space.counters[what] += by
  }

  /** Counts something and tells who listens. */
  tell(event: 'miss' | 'stale' | 'set' | 'delete', what: Counted): void {
    this.count(what)
    this.tier.signals.emit(event, this.labels)
  }

  /** Counts and tells that a call runs as if there were no cache. */
  bypass(reason: BypassReason): void {
    this.count('bypasses')
    this.tier.signals.emit('bypass', { ...this.labels, reason })
  }

  /** Where this is, as events and logs tell it. */
  get labels(): CacheEvent {
    return { namespace: this.space.name, level: this.level.name }
  }

  /** The leaf, if there is one. */
  get leaf(): Leaf | undefined {
    const leaf = this.#leaf
    return leaf === undefined || leaf.detached || this.#version !== this.tier.version ? this.#look() : leaf
  }

  /** The scope's node, if there is one. */
  get node(): ScopeNode | undefined {
    return this.tier.find(this.level, this.ids)
  }

  #register(flight: Flight): Flight {
    const { leaf, key } = flight
    if (this.tier.crowded) return flight
    leaf.flights ??= new Map()
    const replaced = leaf.flights.get(key)
    if (replaced) replaced.successor = flight
    else this.tier.countFlight(this.space, 1)
    leaf.flights.set(key, flight)
    flight.registered = true
    return flight
  }

  #hit(leaf: Leaf, entry: Entry): void {
    leaf.hits++
    leaf.space.budget.queue.touch(entry)
    const { hit } = this.tier.signals
    if (hit.active) this.tier.signals.emit('hit', this.labels)
  }

  #look(): Leaf | undefined {
    this.#version = this.tier.version
    this.#leaf = this.node?.leaves.get(this.space)
    return this.#leaf
  }

  /** The leaf, made where it is missing. */
  obtain(): Leaf {
    const { leaf } = this
    if (leaf !== undefined) return leaf
    this.#version = this.tier.version
    return (this.#leaf = this.tier.obtain(this.level, this.ids).obtainLeaf(this.space))
  }

  #nearest(): ScopeNode {
    let node = this.tier.root
    for (let at = 0; at < this.level.path.length; at++) {
      const child = node.child(this.level.path[at] as LevelNode, this.ids[at] as string)
      if (child === undefined) break
      node = child
    }
    return node
  }

  /** A value that was written or deleted meanwhile is newer than what the load brings. */
  detachFlight(key: MapKey): void {
    const flight = this.leaf?.flights?.get(key)
    if (flight) this.abandon(flight, { status: 'outdated' })
  }

  /** The load that others find: this one or one that took its place. `undefined` where what it brings is outdated. */
  #current(flight: Flight, tags: readonly string[]): Flight | undefined {
    const { leaf, key } = flight
    const registered = leaf.flights?.get(key)
    let heir: Flight | undefined = flight
    while (heir !== undefined && heir !== registered) heir = heir.successor
    if (heir === undefined || !leaf.node.isBelow(this.tier.root)) return undefined
    return this.tier.marked(leaf.node, this.#tags(tags), flight.born) ? undefined : heir
  }

  #leave(flight: Flight): void {
    const { flights } = flight.leaf
    if (flights?.get(flight.key) !== flight) return
    flights.delete(flight.key)
    this.tier.countFlight(this.space, -1)
  }

  #outgoing(value: unknown, terms: Terms): Outgoing {
    return { value, lifetimes: this.#lifetimes(terms.policy), tags: this.#tags(terms.tags) }
  }

  #keep(leaf: Leaf, key: MapKey, { value, ...how }: Outgoing, stamps: Omit<Kept, keyof Outgoing>): boolean {
    const stored = this.tier.store(leaf, key, value, { ...how, ...stamps })
    if (!stored) this.bypass('value-refused')
    else this.tell('set', 'sets')
    return stored
  }

  #lifetimes(policy: Terms['policy']): Lifetimes {
    const now = this.tier.time.exact()
    const ttl = policy.jitter === 0 ? policy.ttl : policy.ttl * (1 - policy.jitter * Math.random())
    const freshUntil = now + Math.ceil(ttl)
    return {
      freshUntil,
      aheadFrom: freshUntil - Math.min(policy.refreshAhead, ttl),
      staleUntil: freshUntil + policy.staleWhileRevalidate,
      errorUntil: freshUntil + policy.staleIfError,
    }
  }

  #tags(tags: readonly string[]): readonly Tag[] {
    return tags.length === 0 ? this.space.tags : [...tags, ...this.space.tags]
  }
}
