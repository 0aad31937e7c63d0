import type { Evictable, EvictionPolicy } from './eviction-policy.js'
import { FifoQueue } from './fifo.js'

class LruQueue extends FifoQueue {
  override touch(entry: Evictable): void {
    if (entry === this.last) return
    this.remove(entry)
    this.add(entry)
  }
}

/** Least recently used: who was read or written longest ago goes. */
export const lru: EvictionPolicy = { name: 'lru', createQueue: () => new LruQueue() }
