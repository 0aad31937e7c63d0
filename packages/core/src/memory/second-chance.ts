import type { Evictable, EvictionPolicy } from './eviction-policy.js'
import { FifoQueue } from './fifo.js'

/**
 * First in, first out, but who was used since it last came to the front goes to the back instead (Corbató: "A paging
 * experiment with the Multics system", 1968). `rank` is 1 for an entry that was used.
 *
 * Hit ratios are those of LRU or a little better on the traces it was measured on, and a hit writes one field of the entry
 * instead of moving it through a list.
 */
class SecondChanceQueue extends FifoQueue {
  override touch(entry: Evictable): void {
    entry.rank = 1
  }

  override victim(): Evictable | undefined {
    let entry = this.first
    for (; entry?.rank === 1; entry = this.first) {
      entry.rank = 0
      this.remove(entry)
      this.add(entry)
    }
    return entry
  }
}

/** Second chance, the default: close to LRU, and the cheapest to hit. */
export const secondChance: EvictionPolicy = { name: 'second-chance', createQueue: () => new SecondChanceQueue() }
