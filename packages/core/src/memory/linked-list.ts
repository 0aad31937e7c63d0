import type { Evictable } from './eviction-policy.js'

/** A doubly linked list through the entries' own fields: adding and removing move no memory and allocate none. */
export class LinkedList {
  /** Added first. */
  first: Evictable | undefined
  /** Added last. */
  last: Evictable | undefined

  append(entry: Evictable): void {
    const last = this.last
    entry.before = last
    entry.after = undefined
    if (last === undefined) this.first = entry
    else last.after = entry
    this.last = entry
  }

  unlink(entry: Evictable): void {
    const { before, after } = entry
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.last = before
    else after.before = before
    entry.before = entry.after = undefined
  }
}
