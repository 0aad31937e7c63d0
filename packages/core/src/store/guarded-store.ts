import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import type { RemoteHealth } from '../remote.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Deadlines, type Operation, type Outcome } from './deadlines.js'
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
  /** The first connection, while it is made: what comes meanwhile waits for it, so that a cold process begins with no failure. */
  connecting: Promise<void> | undefined
  readonly #counters: RemoteCounters
  readonly #reading: Side
  readonly #writing: Side

  constructor(store: Store, settings: RemoteSettings, clock: Clock, counters: RemoteCounters, listener: GuardListener) {
    this.store = store
    this.#counters = counters
    const { breakerFailures: failures, breakerPause: pause } = settings
    const side = (name: 'reads' | 'writes', timeout: number, operation: () => Promise<unknown>): Side => {
      const unwatched = new Deadlines(clock, timeout)
      const probe = () => unwatched.within(begun(operation))
      const changed = (open: boolean) => listener(name, open)
      const breaker = new CircuitBreaker(clock, { failures, pause, probe, changed })
      const watched = new Deadlines(clock, timeout, (outcome) => this.#ended(breaker, outcome))
      return { breaker, watched, unwatched }
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

  get status(): RemoteHealth['status'] {
    if (this.down) return 'down'
    return this.#writing.breaker.open ? 'read-only' : 'ok'
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#run(this.#reading, () => this.store.getMany(keys))
  }

  /** {@link getMany}, with the operation called in place of a promise: this is on the way of every look-up. */
  read(keys: readonly string[], operation: Operation<readonly (Uint8Array | undefined)[]>): void {
    const { breaker, watched } = this.#reading
    if (breaker.admits())
      watched.watch(
        begun(() => this.store.getMany(keys)),
        operation,
      )
    // Not at once: who asked has not noted yet that it waits.
    else queueMicrotask(() => operation.failed(this.#refused()))
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
    return this.#reading.unwatched.within(before)
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
    await this.#writing.unwatched.within(begun(() => this.store.close()))
  }

  #run<T>({ breaker, watched }: Side, operation: () => Promise<T>): Promise<T> {
    if (!breaker.admits()) return Promise.reject(this.#refused())
    return watched.within(this.connecting === undefined ? begun(operation) : this.connecting.then(operation))
  }

  #refused(): Error {
    this.#counters.refused++
    return new CacheError('ERR_CACHE_STORE', 'the store is left alone for a while: it failed or was slow')
  }

  #ended(breaker: CircuitBreaker, outcome: Outcome): void {
    if (outcome === 'done') return breaker.succeeded()
    this.#counters[outcome === 'late' ? 'timeouts' : 'errors']++
    breaker.failed()
  }
}

interface Side {
  readonly breaker: CircuitBreaker
  /** Of what tells the breaker how the store is. */
  readonly watched: Deadlines
  /** Of the breaker's own trials, and of what else must not take longer. */
  readonly unwatched: Deadlines
}

/** The operation, begun: a store that throws at once is no different from one that rejects. */
function begun<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(operation())
  } catch (error) {
    return Promise.reject(error)
  }
}
