import type { Evictable, EvictionPolicy, EvictionQueue } from './eviction-policy.js'
import { LinkedList } from './linked-list.js'

class LruQueue implements EvictionQueue {
  readonly #entries = new LinkedList()

  add(entry: Evictable): void {
    this.#entries.append(entry)
  }

  touch(entry: Evictable): void {
    const entries = this.#entries
    if (entry === entries.last) return
    entries.unlink(entry)
    entries.append(entry)
  }

  remove(entry: Evictable): void {
    this.#entries.unlink(entry)
  }

  victim(): Evictable | undefined {
    return this.#entries.first
  }
}

/** Least recently used: who was read or written longest ago goes. */
export const lru: EvictionPolicy = { name: 'lru', createQueue: () => new LruQueue() }
