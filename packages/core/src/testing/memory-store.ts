import { CacheError } from '../cache-error.js'
import type { Bus, Store, StoreItem } from '../store/store.js'
import { memoryEngine, type MemoryEngine, type SharedMemory } from './memory-engine.js'
import type { MemoryPort } from './memory-store-port.js'

/** Printable ASCII without white space, with one pair of braces at the most. */
const KEY = /^(?!.*\{.*\{)(?!.*\}.*\})[!-~]{1,2048}$/

/** Keys of one slice of `keys()`. */
const SLICE = 100

/**
 * A store in the memory of this process: what the contract says, and nothing else. For tests of several nodes in one process,
 * with {@link MemoryEngine} as the server behind them; and as a model for a store of one's own.
 *
 * Operations take effect when they are called, in that order, and resolve in a microtask. Messages are delivered in a later
 * one. A key or a ttl that the contract does not allow rejects with `ERR_CACHE_STORE`: no other store would take it either.
 *
 * @param engine one of `memoryEngine()`, shared by all stores of a test. Default: a new one
 * @throws CacheError `ERR_CACHE_STORE`, as a rejection of every operation, while the engine has disconnected it
 * @throws CacheError `ERR_CACHE_CLOSED`, as a rejection of every operation, after `close`
 * @example
 * ```ts
 * const clock = manualClock()
 * const engine = memoryEngine({ clock })
 * const nodes = [1, 2].map(() => createCache({ clock, remote: defineStore(memoryStore(engine)) }))
 * engine.hold() // node 2 does not hear yet what node 1 invalidates
 * ```
 */
export function memoryStore(engine: MemoryEngine = memoryEngine()): Store {
  return new MemoryStore(engine as SharedMemory)
}

class MemoryStore implements Store {
  readonly name = 'memory'
  readonly bus: Bus
  readonly #engine: SharedMemory
  readonly #port: MemoryPort
  #isClosed = false

  constructor(engine: SharedMemory) {
    this.#engine = engine
    this.#port = engine.open(this)
    this.bus = {
      listen: (listener) => this.#port.listen(listener),
      publish: async (message) => {
        this.#check()
        this.#engine.send(message)
      },
    }
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#check(keys)
    return keys.map((key) => this.#engine.raw(key))
  }

  async set(items: readonly StoreItem[], message?: Uint8Array): Promise<void> {
    this.#checkItems(items)
    for (const { key, value, ttl } of items) this.#engine.put(key, value, ttl)
    if (message !== undefined) this.#engine.send(message)
  }

  async create(item: StoreItem): Promise<Uint8Array> {
    this.#checkItems([item])
    const existing = this.#engine.raw(item.key)
    if (existing !== undefined) return existing
    this.#engine.put(item.key, item.value, item.ttl)
    return new Uint8Array(item.value)
  }

  async replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    this.#checkItems([item])
    if (!beginsWith(this.#engine.raw(item.key), seen)) return false
    this.#engine.put(item.key, item.value, item.ttl)
    return true
  }

  async delete(keys: readonly string[]): Promise<number> {
    this.#check(keys)
    return keys.filter((key) => this.#engine.evict(key)).length
  }

  async *keys(prefix: string): AsyncGenerator<readonly string[]> {
    this.#check()
    const found = this.#engine.keys().filter((key) => key.startsWith(prefix))
    for (let at = 0; at < found.length; at += SLICE) {
      this.#check()
      yield found.slice(at, at + SLICE)
    }
  }

  distrust(): 'replaced' {
    return 'replaced'
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#engine.close(this)
  }

  #checkItems(items: readonly StoreItem[]): void {
    this.#check(items.map(({ key }) => key))
    const areWhole = items.every(({ ttl }) => Number.isSafeInteger(ttl) && ttl >= 1)
    if (!areWhole) throw new CacheError('ERR_CACHE_STORE', 'a ttl is no whole number of milliseconds from 1 on')
  }

  #check(keys: readonly string[] = []): void {
    if (this.#isClosed) throw new CacheError('ERR_CACHE_CLOSED', 'the store is closed')
    if (!this.#port.isConnected) throw new CacheError('ERR_CACHE_STORE', 'the store is disconnected')
    if (!keys.every((key) => KEY.test(key))) throw new CacheError('ERR_CACHE_STORE', 'a key breaks the contract')
  }
}

function beginsWith(value: Uint8Array | undefined, seen: Uint8Array | undefined): boolean {
  if (value === undefined || seen === undefined) return value === seen
  return seen.length <= value.length && seen.every((byte, at) => value[at] === byte)
}
