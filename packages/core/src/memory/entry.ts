import type { MapKey } from '../key-text.js'
import type { Evictable } from './eviction-policy.js'
import type { Leaf } from './leaf.js'
import type { Tag } from './tag-marks.js'

/** When an entry passes from one state into the next, in milliseconds of the tier's clock. */
export interface Lifetimes {
  /** From then on a hit also reloads it in the background. */
  readonly aheadFrom: number
  /** Until then it is fresh. */
  readonly freshUntil: number
  /** Until then it may be served stale while one caller reloads it. */
  readonly staleUntil: number
  /** Until then it may be served where reloading it failed. */
  readonly errorUntil: number
}

/**
 * One value in memory. What a hit reads and writes stands first, within one cache line: the fields' order is worth a third of
 * a hit's time.
 */
export class Entry implements Evictable, Lifetimes {
  value: unknown
  /** Until then a hit needs no further thought: it is not near its end, and what a store says about it is known. */
  calmUntil = 0
  /** The tag sequence up to which it was compared with the marks on its path. */
  checked = 0
  rank = 0
  readonly leaf: Leaf
  readonly key: MapKey
  before: Evictable | undefined = undefined
  after: Evictable | undefined = undefined
  aheadFrom = 0
  freshUntil = 0
  staleUntil = 0
  errorUntil = 0
  /** After a failed reload: until then it is served without another attempt. */
  retryAt = 0
  storedAt = 0
  bytes = 0
  tags: readonly Tag[] = NO_TAGS
  /** The tag sequence when the load behind the value began: marks set later kill it. */
  born = 0
  /** Until then it is served without asking the store whether it still holds, where there is one. */
  trustedUntil = 0
  /** The tag sequence when it was last compared with the store, or made: a later loss of trust concerns it. */
  verified = 0
  /** Of the copy in the store, where there is one. */
  writeId: Uint8Array | undefined = undefined

  constructor(leaf: Leaf, key: MapKey, value: unknown) {
    this.value = value
    this.leaf = leaf
    this.key = key
  }

  /** From then on it is of no use to anybody. */
  get deadAt(): number {
    return Math.max(this.freshUntil, this.staleUntil, this.errorUntil)
  }
}

export const NO_TAGS: readonly Tag[] = []
