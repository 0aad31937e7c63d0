import { configError } from './cache-error.js'
import type { Engine } from './engine.js'
import { Counters } from './memory/counters.js'
import type { Leaf } from './memory/leaf.js'
import type { ScopeNode } from './memory/scope-node.js'
import type { Space } from './memory/space.js'
import type { RemoteStats } from './remote.js'

/** What happened, in this process, since the cache was made; `entries`, `bytes` and `inFlight` are of this moment. */
export interface ScopeStats {
  /** Fresh values found. */
  readonly hits: number
  /** Calls that found nothing usable. */
  readonly misses: number
  /** Stale values served. */
  readonly stale: number
  /** Share of calls served from the cache, stale ones included: 0 to 1, 0 before the first call. */
  readonly hitRate: number
  /** Loads that ended. */
  readonly loads: number
  /** Of these, how many threw. */
  readonly loadErrors: number
  /** Milliseconds all of them took together. */
  readonly loadTime: number
  readonly sets: number
  readonly deletes: number
  /** Entries that left for lack of room. */
  readonly evictions: number
  /** Entries whose time was over. */
  readonly expirations: number
  readonly invalidations: number
  /** Calls that ran as if there were no cache. */
  readonly bypasses: number
  readonly entries: number
  /** Estimated bytes of these entries. */
  readonly bytes: number
  /** Loads under way. */
  readonly inFlight: number
}

/** {@link ScopeStats} of a whole cache. */
export interface CacheStats extends ScopeStats {
  /** Namespaces, wrapped functions and routes that are known. */
  readonly namespaces: number
  /** What the second tier did, where there is one. */
  readonly remote?: RemoteStats
}

/** One of the scopes that `topScopes` found. */
export interface TopScope {
  /** The ids on its path by level; those of secret levels are left out. */
  readonly ids: Readonly<Record<string, string>>
  readonly stats: ScopeStats
}

/** What a list of scopes can be ordered by. */
export type RankedBy = 'hits' | 'misses' | 'loads' | 'loadTime' | 'evictions' | 'entries' | 'bytes'

const NOTHING: ScopeStats = snapshot(new Counters(), { entries: 0, bytes: 0, inFlight: 0 })

/** The whole cache: summed over its namespaces, so the cost does not depend on the number of tenants. */
export function cacheStats(engine: Engine): CacheStats {
  const total = new Counters()
  let namespaces = 0
  for (const space of engine.tier.spaces) {
    addSpace(total, space)
    if (space.name !== '') namespaces++
  }
  const { root, inFlight } = engine.tier
  return {
    ...snapshot(total, { entries: root.entries, bytes: root.bytes, inFlight }),
    namespaces,
    ...(engine.remote && { remote: engine.remote.stats() }),
  }
}

/** One namespace, in all scopes. */
export function spaceStats(space: Space): ScopeStats {
  const total = new Counters()
  addSpace(total, space)
  return snapshot(total, space)
}

/** A scope and all below it, as far as they are in memory; one namespace's part where `space` says so. */
export function nodeStats(node: ScopeNode | undefined, space?: Space): ScopeStats {
  if (node === undefined) return NOTHING
  const sum = new Sum(space)
  for (const scope of node.subtree()) sum.add(scope)
  return space ? snapshot(sum.counters, sum) : sum.of(node)
}

/** Adds up scopes, or one namespace's part of them. */
class Sum {
  readonly counters = new Counters()
  entries = 0
  bytes = 0
  inFlight = 0

  constructor(readonly space?: Space) {}

  add(node: ScopeNode): void {
    if (this.space === undefined && node.counters) this.counters.add(node.counters)
    for (const leaf of node.leaves.values()) {
      if (this.space !== undefined && leaf.space !== this.space) continue
      this.counters.hits += leaf.hits
      if (leaf.counters) this.counters.add(leaf.counters)
      this.inFlight += leaf.flights?.size ?? 0
      if (this.space) this.#addEntries(leaf)
    }
  }

  /** With what the scope itself knows of it and of all below it. */
  of({ entries, bytes }: ScopeNode): ScopeStats {
    return snapshot(this.counters, { entries, bytes, inFlight: this.inFlight })
  }

  #addEntries(leaf: Leaf): void {
    this.entries += leaf.entries.size
    for (const entry of leaf.entries.values()) this.bytes += entry.bytes
  }
}

interface Now {
  entries: number
  bytes: number
  inFlight: number
}

function addSpace(total: Counters, space: Space): void {
  total.add(space.counters)
  for (const leaf of space.leaves) total.hits += leaf.hits
}

function snapshot(counters: Counters, now: Readonly<Now>): ScopeStats {
  const served = counters.hits + counters.stale
  const calls = served + counters.misses
  const { entries, bytes, inFlight } = now
  return Object.assign({ hitRate: calls === 0 ? 0 : served / calls, entries, bytes, inFlight }, counters)
}

/** Scopes looked at before the event loop gets a turn. */
const SLICE = 512

/** The scopes of a level that rank first, in order. Looks at them in slices, so that many tenants never block anybody. */
export async function topScopes(engine: Engine, levelName: string, count: number, by: RankedBy): Promise<TopScope[]> {
  const level = engine.forest.level(levelName)
  if (!Number.isSafeInteger(count) || count < 1) throw configError('topScopes.count', 'a whole number of one or more')
  if (!Object.hasOwn(NOTHING, by)) throw configError('topScopes.by', 'the name of a count')
  const best: TopScope[] = []
  let sum = new Sum()
  let looked = 0
  for (const node of engine.tier.root.subtree()) {
    // A timer that keeps the process alive: somebody waits.
    if (++looked % SLICE === 0) await new Promise((resolve) => setTimeout(resolve))
    if (level !== engine.forest.root && !node.level.path.includes(level)) continue
    sum.add(node)
    if (node.level !== level) continue
    // It comes after all below it: its sum is complete.
    rank(best, { ids: shownIds(node), stats: sum.of(node) }, count, by)
    sum = new Sum()
  }
  return best
}

function rank(best: TopScope[], scope: TopScope, count: number, by: RankedBy): void {
  const at = best.findIndex((other) => other.stats[by] < scope.stats[by])
  best.splice(at === -1 ? best.length : at, 0, scope)
  if (best.length > count) best.pop()
}

function shownIds(node: ScopeNode): Record<string, string> {
  const ids = node.ids()
  return Object.fromEntries(
    node.level.path.flatMap((step, at) => (step.secret ? [] : [[step.name, ids[at] as string] as const])),
  )
}
