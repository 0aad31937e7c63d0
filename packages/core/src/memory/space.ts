import { Counters } from './counters.js'
import type { EvictionQueue } from './eviction-policy.js'
import type { Leaf } from './leaf.js'
import type { Tag } from './tag-marks.js'

/** The bounds of a budget. */
export interface Limits {
  readonly maxEntries: number
  readonly maxBytes: number
}

export const NO_LIMITS: Limits = { maxEntries: Infinity, maxBytes: Infinity }

/** What is held against limits. */
interface Held {
  readonly entries: number
  readonly bytes: number
}

export const NOTHING: Held = { entries: 0, bytes: 0 }

/** What there would be too much of with so much more, if anything. */
export function exceeded(held: Held, limits: Limits, entries: number, bytes: number): 'entries' | 'bytes' | undefined {
  if (held.entries + entries > limits.maxEntries) return 'entries'
  return held.bytes + bytes > limits.maxBytes ? 'bytes' : undefined
}

/** Entries that share a queue and its limits. */
export class Budget {
  entries = 0
  bytes = 0

  constructor(
    readonly queue: EvictionQueue,
    readonly limits: Limits,
  ) {}
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
    /** Part of the path of what it keeps in a store. */
    readonly version = '',
  ) {
    this.tags = name === '' ? [] : [this]
  }
}
