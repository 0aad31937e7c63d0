import { systemClock, type Clock } from '../clock.js'
import type { Store } from '../store/store.js'
import { MemoryPort } from './memory-store-port.js'

/** Options of {@link memoryEngine}. */
export interface MemoryEngineOptions {
  /** What a ttl runs on. Default: the platform's clock; tests pass the manual one. */
  readonly clock?: Clock | undefined
}

/**
 * What the stores of several nodes in one process share: the server, so to say. Tests drive its faults by hand: nothing here
 * waits for a timer.
 */
export interface MemoryEngine {
  /** The keys that are there now, in the order in which they came. */
  keys(): readonly string[]
  /** The bytes under a key, a copy of them; `undefined` where there is nothing. */
  raw(key: string): Uint8Array | undefined
  /** Puts bytes under a key past every store, and tells nobody: what an operator does, or damage. Default `ttl`: for ever. */
  put(key: string, value: Uint8Array, ttl?: number): void
  /** Takes a key away, past every store: what eviction does. Whether it was there. */
  evict(key: string): boolean
  /** Forgets everything: a server that was started again, empty. */
  flush(): void
  /** From now on messages wait: those for one store, or all of them. */
  hold(store?: Store): void
  /** Delivers what waits, for one store or for all, in order, and what comes from now on. */
  release(store?: Store): void
  /** Loses the messages that wait, and no one notices. How many. */
  discard(store?: Store): number
  /** Messages that wait. */
  readonly waiting: number
  /**
   * Cuts a store off: its operations reject, its listener is told `down` and misses every message until {@link reconnect}. With
   * `'bus'` its operations go on.
   */
  disconnect(store: Store, part?: 'all' | 'bus'): void
  /** Ends what {@link disconnect} did: operations work, and the listener is told `up`. */
  reconnect(store: Store): void
}

interface Entry {
  readonly value: Uint8Array
  /** Of the monotonic clock. */
  readonly until: number
}

/**
 * A server in memory, for {@link memoryStore}.
 *
 * @example
 * ```ts
 * const clock = manualClock()
 * const engine = memoryEngine({ clock })
 * const [one, other] = [memoryStore(engine), memoryStore(engine)] // two processes
 * ```
 */
export function memoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  return new SharedMemory(options.clock ?? systemClock)
}

/** The engine as its stores see it. */
export class SharedMemory implements MemoryEngine {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #ports = new Map<Store, MemoryPort>()
  #holdsAll = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Connects a store. */
  open(store: Store): MemoryPort {
    const port = new MemoryPort(this.#holdsAll)
    this.#ports.set(store, port)
    return port
  }

  /** Disconnects it for good. */
  close(store: Store): void {
    this.#ports.get(store)?.end()
    this.#ports.delete(store)
  }

  /** Sends a message to all who listen. */
  send(message: Uint8Array): void {
    for (const port of this.#ports.values()) port.send(message)
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()].filter((key) => this.#live(key) !== undefined)
  }

  raw(key: string): Uint8Array | undefined {
    const value = this.#live(key)
    return value === undefined ? undefined : new Uint8Array(value)
  }

  put(key: string, value: Uint8Array, ttl = Infinity): void {
    this.#entries.set(key, { value: new Uint8Array(value), until: this.#clock.now() + ttl })
  }

  evict(key: string): boolean {
    const wasThere = this.#live(key) !== undefined
    this.#entries.delete(key)
    return wasThere
  }

  flush(): void {
    this.#entries.clear()
  }

  hold(store?: Store): void {
    if (store === undefined) this.#holdsAll = true
    for (const port of this.#portsOf(store)) port.hold()
  }

  release(store?: Store): void {
    if (store === undefined) this.#holdsAll = false
    for (const port of this.#portsOf(store)) port.release()
  }

  discard(store?: Store): number {
    let discarded = 0
    for (const port of this.#portsOf(store)) discarded += port.discard()
    return discarded
  }

  get waiting(): number {
    let waiting = 0
    for (const port of this.#ports.values()) waiting += port.waiting
    return waiting
  }

  disconnect(store: Store, part: 'all' | 'bus' = 'all'): void {
    for (const port of this.#portsOf(store)) port.disconnect(part)
  }

  reconnect(store: Store): void {
    for (const port of this.#portsOf(store)) port.reconnect()
  }

  #portsOf(store: Store | undefined): Iterable<MemoryPort> {
    if (store === undefined) return this.#ports.values()
    const port = this.#ports.get(store)
    if (port === undefined) throw new Error('this store is not open on this engine')
    return [port]
  }

  #live(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#clock.now() < entry.until) return entry?.value
    this.#entries.delete(key)
    return undefined
  }
}
