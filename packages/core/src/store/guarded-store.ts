import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Deadlines } from './deadlines.js'
import { randomId } from './random-id.js'
import type { RemoteCounters } from './remote-counters.js'
import type { RemoteSettings } from './remote-options.js'
import type { Store, StoreItem } from './store.js'

/** What the circuit breakers read and write to find out whether a store is back. */
const PROBE = 'global|#probe'
const PROBE_LIFE = 10_000

/** Hears when reads or writes are given up, and when they go through again. */
export type GuardListener = (side: 'reads' | 'writes', open: boolean) => void

/**
 * A store with a deadline on every operation and a circuit breaker for each side: a store that takes no writes (no memory left,
 * a replica) can still be read. What comes after its deadline is ignored. Nothing is tried twice and nothing waits in line.
 */
export class GuardedStore {
  readonly store: Store
  readonly #counters: RemoteCounters
  readonly #reading: Side
  readonly #writing: Side

  constructor(store: Store, settings: RemoteSettings, clock: Clock, counters: RemoteCounters, listener: GuardListener) {
    this.store = store
    this.#counters = counters
    const { breakerFailures: failures, breakerPause: pause } = settings
    const side = (name: 'reads' | 'writes', timeout: number, operation: () => Promise<unknown>): Side => {
      const deadlines = new Deadlines(clock, timeout)
      const probe = () => deadlines.within(begun(operation), late)
      const changed = (open: boolean) => listener(name, open)
      return { deadlines, breaker: new CircuitBreaker(clock, { failures, pause, probe, changed }) }
    }
    this.#reading = side('reads', settings.readTimeout, () => store.getMany([PROBE]))
    this.#writing = side('writes', settings.writeTimeout, () =>
      store.set([{ key: PROBE, value: randomId(), ttl: PROBE_LIFE }]),
    )
  }

  /** Whether the store cannot be read. */
  get down(): boolean {
    return this.#reading.breaker.open
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = await this.#run(this.#reading, () => this.store.getMany(keys))
    if (values.length === keys.length) return values
    this.suspect()
    throw new CacheError('ERR_CACHE_STORE', 'the store answered with another number of values than it was asked for')
  }

  set(items: readonly StoreItem[], message?: Uint8Array): Promise<void> {
    return this.#run(this.#writing, () => this.store.set(items, message))
  }

  create(item: StoreItem): Promise<Uint8Array> {
    return this.#run(this.#writing, () => this.store.create(item))
  }

  replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    return this.#run(this.#writing, () => this.store.replace(item, seen))
  }

  publish(message: Uint8Array): Promise<void> {
    const { bus } = this.store
    return bus === undefined ? Promise.resolve() : this.#run(this.#writing, () => bus.publish(message))
  }

  /** Its connection delivers what belongs to somebody else: replaced, or left alone for a while. */
  suspect(): void {
    if (this.store.distrust?.() === 'replaced') return
    this.#reading.breaker.trip()
    this.#writing.breaker.trip()
  }

  async close(): Promise<void> {
    this.#reading.breaker.stop()
    this.#writing.breaker.stop()
    await this.#writing.deadlines.within(
      begun(() => this.store.close()),
      late,
    )
  }

  async #run<T>({ breaker, deadlines }: Side, operation: () => Promise<T>): Promise<T> {
    if (!breaker.admits()) {
      this.#counters.refused++
      throw new CacheError('ERR_CACHE_STORE', 'the store is left alone for a while: it failed or was slow')
    }
    try {
      const value = await deadlines.within(begun(operation), late)
      breaker.succeeded()
      return value
    } catch (error) {
      this.#counters[isLate(error) ? 'timeouts' : 'errors']++
      breaker.failed()
      throw error
    }
  }
}

interface Side {
  readonly breaker: CircuitBreaker
  readonly deadlines: Deadlines
}

function late(): Error {
  return new CacheError('ERR_CACHE_TIMEOUT', 'the store did not answer in time')
}

function isLate(error: unknown): boolean {
  return error instanceof CacheError && error.code === 'ERR_CACHE_TIMEOUT'
}

/** The operation, begun: a store that throws at once is no different from one that rejects. */
function begun<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(operation())
  } catch (error) {
    return Promise.reject(error)
  }
}
