import type { Evictable, EvictionPolicy, EvictionQueue } from './eviction-policy.js'
import { LinkedList } from './linked-list.js'

/**
 * First in, first out, but who was used since it last came to the front goes to the back instead (Corbató: "A paging
 * experiment with the Multics system", 1968). `rank` is 1 for an entry that was used.
 *
 * Hit ratios are those of LRU or a little better on the traces it was measured on, and a hit writes one field of the entry
 * instead of moving it through a list.
 */
class SecondChanceQueue implements EvictionQueue {
  readonly #entries = new LinkedList()

  add(entry: Evictable): void {
    this.#entries.append(entry)
  }

  touch(entry: Evictable): void {
    entry.rank = 1
  }

  remove(entry: Evictable): void {
    this.#entries.unlink(entry)
  }

  victim(): Evictable | undefined {
    const entries = this.#entries
    for (let entry = entries.first; entry !== undefined; entry = entries.first) {
      if (entry.rank === 0) return entry
      entry.rank = 0
      entries.unlink(entry)
      entries.append(entry)
    }
    return undefined
  }
}

/** Second chance, the default: close to LRU, and the cheapest to hit. */
export const secondChance: EvictionPolicy = { name: 'second-chance', createQueue: () => new SecondChanceQueue() }
