import type { Evictable, EvictionPolicy, EvictionQueue } from './eviction-policy.js'
import { LinkedList } from './linked-list.js'

class FifoQueue implements EvictionQueue {
  readonly #entries = new LinkedList()

  add(entry: Evictable): void {
    this.#entries.append(entry)
  }

  touch(): void {
    // Being read changes nothing: that is the policy.
  }

  remove(entry: Evictable): void {
    this.#entries.unlink(entry)
  }

  victim(): Evictable | undefined {
    return this.#entries.first
  }
}

/** First in, first out: who came first goes, read or not. */
export const fifo: EvictionPolicy = { name: 'fifo', createQueue: () => new FifoQueue() }
