import type { Evictable, EvictionPolicy, EvictionQueue } from './eviction-policy.js'
import { FifoQueue } from './fifo.js'

/**
 * A list of entries for each number of uses (Shah, Mitra, Matani: "An O(1) algorithm for implementing the LFU cache
 * eviction scheme", 2010). `rank` is the entry's number of uses.
 */
class LfuQueue implements EvictionQueue {
  readonly #byUses = new Map<number, FifoQueue>()
  #fewest = 0

  add(entry: Evictable): void {
    entry.rank = 0
    this.#listOf(0).add(entry)
    this.#fewest = 0
  }

  touch(entry: Evictable): void {
    this.remove(entry)
    if (this.#fewest === entry.rank && !this.#byUses.has(entry.rank)) this.#fewest++
    entry.rank++
    this.#listOf(entry.rank).add(entry)
  }

  remove(entry: Evictable): void {
    const list = this.#byUses.get(entry.rank) as FifoQueue
    list.remove(entry)
    if (list.first === undefined) this.#byUses.delete(entry.rank)
  }

  victim(): Evictable | undefined {
    // Removing the last entry of the fewest uses leaves a gap: the next list is found by looking at those there are.
    if (!this.#byUses.has(this.#fewest)) {
      this.#fewest = Infinity
      for (const uses of this.#byUses.keys()) if (uses < this.#fewest) this.#fewest = uses
    }
    return this.#byUses.get(this.#fewest)?.first
  }

  #listOf(uses: number): FifoQueue {
    let list = this.#byUses.get(uses)
    if (list === undefined) this.#byUses.set(uses, (list = new FifoQueue()))
    return list
  }
}

/** Least frequently used since it arrived; the one that came or was used first among equals. */
export const lfu: EvictionPolicy = { name: 'lfu', createQueue: () => new LfuQueue() }
