import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Deadlines, type Outcome } from './deadlines.js'
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
      const probe = () => deadlines.within(begun(operation))
      const changed = (open: boolean) => listener(name, open)
      const breaker = new CircuitBreaker(clock, { failures, pause, probe, changed })
      return { deadlines, breaker, ended: (outcome) => this.#ended(breaker, outcome) }
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

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#run(this.#reading, () => this.store.getMany(keys))
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

  /** Something that a read waits for: no longer than for the store. */
  patient<T>(before: Promise<T>): Promise<T> {
    return this.#reading.deadlines.within(before)
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
    await this.#writing.deadlines.within(begun(() => this.store.close()))
  }

  #run<T>({ breaker, deadlines, ended }: Side, operation: () => Promise<T>): Promise<T> {
    if (breaker.admits()) return deadlines.within(begun(operation), ended)
    this.#counters.refused++
    return Promise.reject(
      new CacheError('ERR_CACHE_STORE', 'the store is left alone for a while: it failed or was slow'),
    )
  }

  #ended(breaker: CircuitBreaker, outcome: Outcome): void {
    if (outcome === 'done') return breaker.succeeded()
    this.#counters[outcome === 'late' ? 'timeouts' : 'errors']++
    breaker.failed()
  }
}

interface Side {
  readonly breaker: CircuitBreaker
  readonly deadlines: Deadlines
  readonly ended: (outcome: Outcome) => void
}

/** The operation, begun: a store that throws at once is no different from one that rejects. */
function begun<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(operation())
  } catch (error) {
    return Promise.reject(error)
  }
}
