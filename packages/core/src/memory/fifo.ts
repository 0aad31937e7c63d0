import type { Evictable, EvictionPolicy, EvictionQueue } from './eviction-policy.js'

/**
 * Entries in the order in which they came: a doubly linked list through their own fields, so that adding and removing move no
 * memory and allocate none.
 */
export class FifoQueue implements EvictionQueue {
  /** Came first. */
  first: Evictable | undefined
  /** Came last. */
  last: Evictable | undefined

  add(entry: Evictable): void {
    const last = this.last
    entry.before = last
    entry.after = undefined
    if (last === undefined) this.first = entry
    else last.after = entry
    this.last = entry
  }

  touch(_entry: Evictable): void {
    // Being read changes nothing: that is the policy.
  }

  remove(entry: Evictable): void {
    const { before, after } = entry
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.last = before
    else after.before = before
    entry.before = entry.after = undefined
  }

  victim(): Evictable | undefined {
    return this.first
  }
}

/** First in, first out: who came first goes, read or not. */
export const fifo: EvictionPolicy = { name: 'fifo', createQueue: () => new FifoQueue() }
