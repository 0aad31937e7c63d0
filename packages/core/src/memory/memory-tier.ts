import { CoarseClock, type Clock } from '../clock.js'
import type { Remote } from '../remote.js'
import type { LevelNode, ScopeForest } from '../define-scopes.js'
import type { MapKey } from '../key-text.js'
import type { Signals } from '../signals.js'
import { Counters } from './counters.js'
import { Entry, NO_TAGS, type Lifetimes } from './entry.js'
import type { EvictionPolicy } from './eviction-policy.js'
import type { Leaf } from './leaf.js'
import { LEAF_OVERHEAD, NODE_OVERHEAD, ScopeNode } from './scope-node.js'
import { ENTRY_OVERHEAD, sizeOf } from './size-of.js'
import { Budget, NO_LIMITS, NOTHING, Space, exceeded, type Limits } from './space.js'
import { Sweeper } from './sweeper.js'
import { TagMarks, type Tag } from './tag-marks.js'

/** How often expired entries are looked for while there are any entries, in milliseconds. */
const SWEEP_PERIOD = 2000
/** Loads registered at once; above it callers load without being joined (rule R-16). */
const MOST_FLIGHTS = 10_000
/** Entries of invalidated scopes that one write may remove while it makes room; the background removes the rest. */
const DEAD_PER_WRITE = 1000

/** What the memory tier is made of. */
export interface MemoryTierOptions {
  readonly forest: ScopeForest
  readonly clock: Clock
  readonly policy: EvictionPolicy
  readonly limits: Limits
  readonly signals: Signals
}

/** What is kept with a value. */
export interface Kept {
  readonly lifetimes: Lifetimes
  readonly tags: readonly Tag[]
  /** {@link MemoryTier.sequence} when the load behind the value began. */
  readonly born: number
  /** Size in bytes where the caller knows it better than an estimate. */
  readonly bytes?: number | undefined
  /** When it was last known to be what the store has, where there is one; in milliseconds of the tier's time. */
  readonly verifiedAt: number
  /** {@link MemoryTier.sequence} of that moment. Default: `born`. */
  readonly verified?: number | undefined
  readonly writeId?: Uint8Array | undefined
  /** How old it is already, in milliseconds. Default: 0. */
  readonly age?: number | undefined
}

/**
 * The values of this process: a tree of scopes with the entries on it. Synchronous, bounded, and the only place that
 * changes the tree, the queues and their counts together.
 *
 * Invalidating a scope takes its node out of the tree, whatever hangs below. `version` then tells every handle to look
 * its scope up again. Invalidating a tag sets a mark on a node; an entry compares itself with the marks on its path when
 * `sequence` has moved since it last did.
 */
export class MemoryTier {
  readonly forest: ScopeForest
  readonly signals: Signals
  readonly time: CoarseClock
  readonly limits: Limits
  root: ScopeNode
  version = 0
  sequence = 0
  readonly #spaces = new Map<string, Space>()
  readonly policy: EvictionPolicy
  readonly #shared: Budget
  readonly #budgets = new Set<Budget>()
  readonly #sweeper: Sweeper
  /** Loads registered at the moment. */
  inFlight = 0
  /** The second tier, where there is one. */
  remote: Remote | undefined
  /** How long an entry is served before it is compared with the store again, in milliseconds. */
  revalidateAfter = 0
  /** The tag sequence at which everything that was kept before lost its trust. */
  #distrusted = 0

  constructor(options: MemoryTierOptions) {
    this.forest = options.forest
    this.signals = options.signals
    this.time = new CoarseClock(options.clock)
    this.limits = options.limits
    this.root = new ScopeNode(options.forest.root, '', undefined)
    this.policy = options.policy
    this.#shared = new Budget(options.policy.createQueue(), NO_LIMITS)
    this.#budgets.add(this.#shared)
    this.#sweeper = new Sweeper(options.clock)
  }

  /** Whether anything can be kept at all. */
  get keeps(): boolean {
    return this.limits.maxEntries > 0 && this.limits.maxBytes > 0
  }

  /** Whether so much loads at the moment that no other load can be registered. */
  get crowded(): boolean {
    return this.inFlight >= MOST_FLIGHTS
  }

  /** The space of that name, made where it is missing. One with limits has a budget of its own. */
  space(name: string, limits: Limits | undefined, version = ''): Space {
    const known = this.#spaces.get(name)
    if (known) return known
    const budget = limits === undefined ? this.#shared : new Budget(this.policy.createQueue(), limits)
    this.#budgets.add(budget)
    const space = new Space(name, budget, version)
    this.#spaces.set(name, space)
    return space
  }

  /** The space of that name, if there is one. */
  spaceNamed(name: string): Space | undefined {
    return this.#spaces.get(name)
  }

  get spaces(): Iterable<Space> {
    return this.#spaces.values()
  }

  /** Forgets a space that another of its name replaces: its entries are dropped, its counts go on in the cache's own. */
  retire(space: Space): void {
    space.retired = true
    this.#spaces.delete(space.name)
    const heir = this.space('', undefined).counters
    heir.add(space.counters)
    for (const leaf of space.leaves) heir.hits += leaf.hits
    this.#sweeper.run(this.#drop(space))
  }

  /** The scope's node, if anything is kept in it or below it. */
  find(level: LevelNode, ids: readonly string[]): ScopeNode | undefined {
    let node: ScopeNode | undefined = this.root
    for (let at = 0; node !== undefined && at < level.path.length; at++) {
      node = node.child(level.path[at] as LevelNode, ids[at] as string)
    }
    return node
  }

  /** The scope's node, made where it is missing. */
  obtain(level: LevelNode, ids: readonly string[]): ScopeNode {
    let node = this.root
    for (let at = 0; at < level.path.length; at++) {
      node = node.obtainChild(level.path[at] as LevelNode, ids[at] as string)
    }
    return node
  }

  /** Whether an entry is neither expired beyond use nor invalidated by a tag. */
  alive(entry: Entry, now: number): boolean {
    return entry.deadAt > now && this.unmarked(entry)
  }

  /** Whether no tag of the entry was invalidated on its path since its load began. */
  unmarked(entry: Entry): boolean {
    return entry.checked === this.sequence || this.#recheck(entry)
  }

  #recheck(entry: Entry): boolean {
    if (entry.tags.length > 0 && this.marked(entry.leaf.node, entry.tags, entry.born)) return false
    if (entry.verified < this.#distrusted) entry.trustedUntil = entry.calmUntil = 0
    entry.checked = this.sequence
    return true
  }

  /** From now on nothing that is kept is served before it was compared with the store. Drops nothing. */
  distrust(): void {
    this.#distrusted = ++this.sequence
  }

  /** The entry is what the store has, as was found out by a look-up that began then. */
  verify(entry: Entry, at: number, sequence: number): void {
    entry.verified = sequence
    entry.calmUntil = entry.aheadFrom
    if (this.remote === undefined) return
    entry.trustedUntil = sequence < this.#distrusted ? 0 : at + this.revalidateAfter
    entry.calmUntil = Math.min(entry.aheadFrom, entry.trustedUntil)
  }

  /** Whether one of the tags was invalidated at the node or above it after `born`. */
  marked(from: ScopeNode, tags: readonly Tag[], born: number): boolean {
    for (let node: ScopeNode | undefined = from; node !== undefined; node = node.above) {
      const marks = node.marks
      if (marks === undefined || marks.latest <= born) continue
      for (const tag of tags) if (marks.of(tag) > born) return true
    }
    return false
  }

  /** Whether any tag at all was invalidated at the node or above it after `born`: the tags of a running load are not known. */
  markedSince(from: ScopeNode, born: number): boolean {
    for (let node: ScopeNode | undefined = from; node !== undefined; node = node.above) {
      if (node.marks !== undefined && node.marks.latest > born) return true
    }
    return false
  }

  /** Invalidates tags at a scope and below it. */
  mark(node: ScopeNode, tags: readonly Tag[]): void {
    node.marks ??= new TagMarks()
    this.sequence++
    for (const tag of tags) node.marks.set(tag, this.sequence)
  }

  /** Invalidates whatever carries any tag, at a scope and below it. */
  markAll(node: ScopeNode): void {
    node.marks ??= new TagMarks()
    node.marks.setAll(++this.sequence)
  }

  /** Takes a scope and all below it out of the tree; the cost does not depend on what hangs there. Returns how many entries left. */
  invalidate(node: ScopeNode): number {
    const entries = node.entries
    this.version++
    if (node === this.root) {
      this.root = new ScopeNode(this.forest.root, '', undefined)
      this.root.counters = node.counters
      node.counters = undefined
    }
    const above = node.above ?? this.root
    node.detach()
    this.#sweeper.run(this.#reclaim(node, this.#pruneUpwards(above)))
    return entries
  }

  /**
   * Keeps a value. `false` where it cannot be: larger than the whole tier, or of a size that cannot be told. What was kept
   * under the key is gone then: it is older than what was just produced.
   */
  store(leaf: Leaf, key: MapKey, value: unknown, kept: Kept): boolean {
    const size = kept.bytes ?? sizeOf(value)
    const bytes = size === undefined ? Infinity : size + ENTRY_OVERHEAD + (typeof key === 'string' ? key.length * 2 : 0)
    const { budget } = leaf.space
    const present = leaf.entries.get(key)
    if (leaf.space.retired || exceeded(NOTHING, this.limits, 1, bytes) || exceeded(NOTHING, budget.limits, 1, bytes)) {
      if (present) this.remove(present)
      return false
    }
    // Room is made before a newcomer comes in: nobody has used it yet, so a policy would name it first.
    if (present === undefined) this.#makeRoom(budget, 1, bytes)
    // That may have emptied the leaf; and whoever listens to evictions may have stored the same key.
    const home = leaf.detached ? this.obtain(leaf.node.level, leaf.node.ids()).obtainLeaf(leaf.space) : leaf
    const known = home.entries.get(key)
    const entry = known ?? new Entry(home, key, value)
    this.#fill(entry, value, kept)
    if (known === undefined) this.#admit(entry, bytes)
    else this.#replaced(entry, bytes)
    this.#sweeper.work()
    this.#sweeper.plan(this.time.now(), SWEEP_PERIOD, () => this.#sweep())
    return true
  }

  /** An entry by itself, for a value that is not kept: it is what {@link store} would have kept. */
  entry(leaf: Leaf, key: MapKey, value: unknown, kept: Kept): Entry {
    const entry = new Entry(leaf, key, value)
    this.#fill(entry, value, kept)
    return entry
  }

  /** Takes one entry out, for whatever reason, and with it the scopes that held nothing else. */
  remove(entry: Entry): void {
    const { leaf } = entry
    if (!leaf.entries.delete(entry.key)) return
    leaf.space.budget.queue.remove(entry)
    this.#count(leaf, -1, -entry.bytes)
    if (leaf.empty) this.prune(leaf)
  }

  /** Drops an empty leaf and the scopes that only held it; their counts go to the scope above. */
  prune(leaf: Leaf): void {
    if (!leaf.empty || leaf.detached) return
    leaf.detached = true
    leaf.node.leaves.delete(leaf.space)
    leaf.space.leaves.delete(leaf)
    leaf.space.counters.hits += leaf.hits
    leaf.node.inherit(leaf)
    leaf.node.account(0, -LEAF_OVERHEAD)
    this.#pruneUpwards(leaf.node)
  }

  /** Drops a scope that holds nothing, and those above that held nothing else; gives the first that stays. */
  #pruneUpwards(node: ScopeNode): ScopeNode {
    while (node.above !== undefined && node.empty) {
      const above = node.above
      this.#fold(node, above)
      node.account(0, -NODE_OVERHEAD)
      above.children[node.level.ordinal]?.delete(node.id)
      node.above = undefined
      node = above
    }
    return node
  }

  countFlight(space: Space, by: 1 | -1): void {
    this.inFlight += by
    space.inFlight += by
  }

  /** Drops everything; its memory is freed in the background. */
  close(): void {
    this.invalidate(this.root)
    this.#sweeper.stop()
  }

  #fill(entry: Entry, value: unknown, kept: Kept): void {
    entry.value = value
    entry.storedAt = this.time.now() - (kept.age ?? 0)
    entry.retryAt = 0
    entry.aheadFrom = kept.lifetimes.aheadFrom
    entry.freshUntil = kept.lifetimes.freshUntil
    entry.staleUntil = kept.lifetimes.staleUntil
    entry.errorUntil = kept.lifetimes.errorUntil
    entry.tags = kept.tags.length === 0 ? NO_TAGS : kept.tags
    entry.born = entry.checked = kept.born
    entry.writeId = kept.writeId
    this.verify(entry, kept.verifiedAt, kept.verified ?? kept.born)
  }

  #admit(entry: Entry, bytes: number): void {
    const { leaf } = entry
    entry.bytes = bytes
    leaf.entries.set(entry.key, entry)
    leaf.space.budget.queue.add(entry)
    this.#count(leaf, 1, bytes)
  }

  #replaced(entry: Entry, bytes: number): void {
    const { budget } = entry.leaf.space
    this.#count(entry.leaf, 0, bytes - entry.bytes)
    entry.bytes = bytes
    budget.queue.touch(entry)
    this.#makeRoom(budget, 0, 0)
  }

  #count(leaf: Leaf, entries: number, bytes: number): void {
    leaf.node.account(entries, bytes)
    leaf.space.entries += entries
    leaf.space.bytes += bytes
    leaf.space.budget.entries += entries
    leaf.space.budget.bytes += bytes
  }

  /** Evicts until the namespace's own budget and the whole tier have room for so much more. */
  #makeRoom(budget: Budget, entries: number, bytes: number): void {
    let dead = 0
    while (dead < DEAD_PER_WRITE) {
      const payer = exceeded(budget, budget.limits, entries, bytes) ? budget : this.#payer(entries, bytes)
      const victim = payer?.queue.victim() as Entry | undefined
      if (victim === undefined) return
      if (victim.leaf.node.isBelow(this.root)) this.#evict(victim)
      else {
        dead++
        this.remove(victim)
      }
    }
  }

  /** Who pays where the whole tier has no room: the budget that holds most of what there is too much of. */
  #payer(entries: number, bytes: number): Budget | undefined {
    const by = exceeded(this.root, this.limits, entries, bytes)
    if (by === undefined) return undefined
    let largest = this.#shared
    for (const budget of this.#budgets) if (budget[by] > largest[by]) largest = budget
    return largest
  }

  #evict(entry: Entry): void {
    if (!this.alive(entry, this.time.now())) return this.expire(entry)
    const { node, space } = entry.leaf
    entry.leaf.count('evictions', 1)
    space.counters.evictions++
    this.signals.emit('evict', { namespace: space.name, level: node.level.name })
    this.remove(entry)
  }

  /** One pass over everything: what has expired or was invalidated by a tag goes. */
  *#sweep(): Generator<void> {
    for (const space of this.#spaces.values()) {
      for (const leaf of space.leaves) {
        for (const entry of leaf.entries.values()) {
          if (!this.alive(entry, this.time.now())) this.expire(entry)
          yield
        }
        yield
      }
    }
    if (this.root.entries > 0) this.#sweeper.plan(this.time.now(), SWEEP_PERIOD, () => this.#sweep())
  }

  /** Removes an entry that is dead: its time is over, or a tag of it was invalidated. Only the first is an expiration. */
  expire(entry: Entry): void {
    const { node, space } = entry.leaf
    if (entry.deadAt <= this.time.now()) {
      entry.leaf.count('expirations', 1)
      space.counters.expirations++
      this.signals.emit('expire', { namespace: space.name, level: node.level.name })
    }
    this.remove(entry)
  }

  /** Frees what hung below a detached scope. Its counts live on in the scope it hung on. */
  *#reclaim(node: ScopeNode, above: ScopeNode): Generator<void> {
    for (const gone of node.subtree()) {
      for (const leaf of gone.leaves.values()) {
        for (const entry of leaf.entries.values()) {
          leaf.space.budget.queue.remove(entry)
          this.#forget(leaf, entry)
          yield
        }
        leaf.detached = true
        leaf.space.leaves.delete(leaf)
        leaf.space.counters.hits += leaf.hits
        gone.inherit(leaf)
      }
      this.#fold(gone, above)
      yield
    }
  }

  #forget(leaf: Leaf, entry: Entry): void {
    leaf.entries.delete(entry.key)
    this.#count(leaf, -1, -entry.bytes)
  }

  #fold(node: ScopeNode, into: ScopeNode): void {
    if (node.counters === undefined) return
    into.counters ??= new Counters()
    into.counters.add(node.counters)
    node.counters = undefined
  }

  /** Frees what a replaced space holds; nobody finds it any more. */
  *#drop(space: Space): Generator<void> {
    for (const leaf of space.leaves) {
      for (const entry of leaf.entries.values()) {
        this.remove(entry)
        yield
      }
    }
    if (space.budget !== this.#shared) this.#budgets.delete(space.budget)
  }
}
