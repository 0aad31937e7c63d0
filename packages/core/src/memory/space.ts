import { Counters } from './counters.js'
import type { EvictionQueue } from './eviction-policy.js'
import type { Leaf } from './leaf.js'
import type { Tag } from './tag-marks.js'

/** The bounds of a budget. */
export interface Limits {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** Entries that share a queue and its limits. */
export class Budget {
  entries = 0
  bytes = 0

  constructor(
    readonly queue: EvictionQueue,
    readonly limits: Limits | undefined,
  ) {}

  get exceeded(): boolean {
    return this.limits !== undefined && (this.entries > this.limits.maxEntries || this.bytes > this.limits.maxBytes)
  }
}

/** A namespace's part of memory: its leaves, its counts, its budget, and the tag that every entry of it carries. */
export class Space {
  readonly leaves = new Set<Leaf>()
  readonly counters = new Counters()
  readonly tags: readonly Tag[]
  entries = 0
  bytes = 0
  inFlight = 0
  /** Replaced by another of its name: keeps nothing any more. */
  retired = false

  constructor(
    /** Empty for what is kept outside of any namespace. */
    readonly name: string,
    readonly budget: Budget,
  ) {
    this.tags = name === '' ? [] : [this]
  }

  get hits(): number {
    let hits = this.counters.hits
    for (const leaf of this.leaves) hits += leaf.hits
    return hits
  }
}
