import { CacheError } from '../cache-error.js'
import type { Bus, Store, StoreItem } from '../store/store.js'
import { FaultyBus } from './faulty-store-bus.js'
import { Gate } from './faulty-store-gate.js'
import { decide, seedOf, type FaultPlan, type StoreFault, type StoreOperation } from './faulty-store-plan.js'
import { seededRandom } from './seeded-random.js'

/** A store that fails on command; otherwise it is the one it was made of. */
export interface FaultyStore extends Store {
  /** From now on calls go wrong as this says. Without one, all is well for new calls; {@link release} lets the old ones go on. */
  plan(next?: FaultPlan): void
  /** Lets calls go on that `delay` and `delay-answer` have stopped: the first `count`, or all. How many. */
  release(count?: number): number
  /** Calls that wait for {@link release}. */
  readonly waiting: number
  /** Calls that went wrong so far. */
  readonly faults: number
  /** Of the plan, where it has one: that of `randomFaults`. Errors of the plan name it too. */
  readonly seed: number | undefined
  /** The bus is lost: its listener is told `down` and misses every message until {@link restoreBus}. */
  loseBus(): void
  /** The bus is back: its listener is told `up`. */
  restoreBus(): void
}

/**
 * Wraps a store so that it fails as a test wants: to see what an application does while its cache is refused, frozen, slow,
 * lossy, damaged or answered with somebody else's values. Nothing here waits for a timer.
 *
 * @param store any store; it offers a bus, `keys`, `connect` and `distrust` where this one does
 * @param plan what goes wrong from the beginning. Default: nothing
 * @throws CacheError `ERR_CACHE_STORE`, as a rejection, where the plan says `refuse` or `fail`
 * @example
 * ```ts
 * const store = faultyStore(memoryStore())
 * const cache = createCache({ remote: defineStore(store), ttl: '1m' })
 *
 * store.plan('hang') // the server is frozen
 * await cache.global.getOrSet('rates', loadRates) // answers all the same, from the loader
 *
 * store.plan({ getMany: 'swap' }) // replies in the wrong places
 * store.plan(({ operation, count }) => (operation === 'set' && count % 2 === 0 ? 'fail' : undefined))
 * store.plan() // all is well again
 * ```
 */
export function faultyStore(store: Store, plan?: FaultPlan): FaultyStore {
  return new WrappedStore(store, plan)
}

/** What is needed to do one call in each way it can go. */
interface Attempt<T> {
  readonly operation: StoreOperation
  readonly keys?: readonly string[]
  readonly run: () => Promise<T>
  /** What it would say where it says that all is well. */
  readonly lost: () => T
  /** Makes of the right answer a wrong one, where the fault asks for it. Default: leaves it as it is, for calls that read nothing. */
  readonly spoil?: (answer: T, fault: ReadFault | undefined) => T
}

type ReadFault = 'corrupt' | 'swap' | 'shift'
const SPOILING: ReadonlySet<StoreFault> = new Set<ReadFault>(['corrupt', 'swap', 'shift'])
const READING: ReadonlySet<StoreOperation> = new Set<StoreOperation>(['getMany', 'create', 'message'])

type Values = readonly (Uint8Array | undefined)[]

class WrappedStore implements FaultyStore {
  readonly name: string
  readonly bus?: Bus
  readonly keys?: (prefix: string) => AsyncIterable<readonly string[]>
  readonly connect?: () => Promise<void>
  readonly distrust?: () => 'replaced' | 'borrowed'
  readonly #store: Store
  readonly #gate = new Gate()
  readonly #faultyBus: FaultyBus | undefined
  readonly #counts = new Map<StoreOperation, number>()
  #plan: FaultPlan | undefined
  #random = seededRandom(1)
  #faults = 0
  /** What was read last: the answers of a connection that is one reply behind. */
  #before: Values = []

  constructor(store: Store, plan: FaultPlan | undefined) {
    this.#store = store
    this.name = store.name
    this.plan(plan)
    if (store.keys) this.keys = (prefix) => this.#list(prefix)
    if (store.connect) this.connect = () => store.connect!()
    if (store.distrust) this.distrust = () => store.distrust!()
    if (store.bus) this.bus = this.#faultyBus = this.#wrapBus(store.bus)
  }

  get waiting(): number {
    return this.#gate.waiting
  }

  get faults(): number {
    return this.#faults
  }

  get seed(): number | undefined {
    return seedOf(this.#plan)
  }

  plan(next?: FaultPlan): void {
    this.#plan = next
    this.#random = seededRandom(this.seed ?? 1)
  }

  release(count = Infinity): number {
    return this.#gate.release(count)
  }

  loseBus(): void {
    this.#faultyBus?.lose()
  }

  restoreBus(): void {
    this.#faultyBus?.restore()
  }

  getMany(keys: readonly string[]): Promise<Values> {
    return this.#attempt<Values>({
      operation: 'getMany',
      keys,
      run: () => this.#store.getMany(keys),
      lost: () => keys.map(() => undefined),
      spoil: (values, fault) => this.#spoil(values, fault),
    })
  }

  set(items: readonly StoreItem[], message?: Uint8Array): Promise<void> {
    const run = () => this.#store.set(items, message)
    return this.#attempt({ operation: 'set', keys: items.map(({ key }) => key), run, lost: () => {} })
  }

  create(item: StoreItem): Promise<Uint8Array> {
    return this.#attempt<Uint8Array>({
      operation: 'create',
      keys: [item.key],
      run: () => this.#store.create(item),
      lost: () => new Uint8Array(item.value),
      spoil: (value, fault) => this.#spoil([value], fault)[0] ?? new Uint8Array(),
    })
  }

  replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    const run = () => this.#store.replace(item, seen)
    return this.#attempt<boolean>({ operation: 'replace', keys: [item.key], run, lost: () => true })
  }

  delete(keys: readonly string[]): Promise<number> {
    return this.#attempt({ operation: 'delete', keys, run: () => this.#store.delete(keys), lost: () => keys.length })
  }

  async close(): Promise<void> {
    this.#gate.end(new CacheError('ERR_CACHE_CLOSED', 'the store was closed'))
    await this.#store.close()
  }

  async *#list(prefix: string): AsyncGenerator<readonly string[]> {
    const run = async () => this.#store.keys!(prefix)
    yield* await this.#attempt<AsyncIterable<readonly string[]>>({ operation: 'keys', run, lost: noKeys })
  }

  #wrapBus(bus: Bus): FaultyBus {
    return new FaultyBus(bus, {
      faultOfMessage: () => this.#decide('message', []),
      publish: (message) =>
        this.#attempt({ operation: 'publish', run: () => bus.publish(message), lost: () => undefined }),
      damage: (value) => this.#damage(value),
      wait: () => this.#gate.wait(),
    })
  }

  async #attempt<T>({ operation, keys = [], run, lost, spoil = asItIs }: Attempt<T>): Promise<T> {
    const fault = this.#decide(operation, keys)
    switch (fault) {
      case 'refuse':
        throw this.#failure(fault)
      case 'fail':
        await run()
        throw this.#failure(fault)
      case 'hang':
        return new Promise<never>(() => {})
      case 'lose':
        return lost()
      case 'delay':
        await this.#gate.wait()
        return run()
      case 'delay-answer': {
        const answer = await run()
        await this.#gate.wait()
        return answer
      }
      default:
        // Without a fault too: it remembers what was read, which the next answer may have to be.
        return spoil(await run(), fault)
    }
  }

  #decide(operation: StoreOperation, keys: readonly string[]): StoreFault | undefined {
    const count = (this.#counts.get(operation) ?? 0) + 1
    this.#counts.set(operation, count)
    const fault = decide(this.#plan, { operation, keys, count })
    if (fault === undefined || (SPOILING.has(fault) && !READING.has(operation))) return undefined
    this.#faults++
    return fault
  }

  /** The values in the wrong places, or damaged. Those that were read are remembered, whatever is given instead. */
  #spoil(values: Values, fault: ReadFault | undefined): Values {
    const before = this.#before
    this.#before = values.map((value) => value && new Uint8Array(value))
    if (fault === undefined) return values
    if (fault === 'corrupt') return values.map((value) => value && this.#damage(value))
    if (fault === 'swap' && values.length > 1) return [...values.slice(1), values[0]]
    return values.map((_, at) => before[at])
  }

  #damage(value: Uint8Array): Uint8Array {
    const damaged = new Uint8Array(value)
    const at = Math.floor(this.#random() * damaged.length)
    if (at in damaged) damaged[at]! ^= 1 << Math.floor(this.#random() * 8)
    return damaged
  }

  #failure(fault: StoreFault): CacheError {
    const seed = this.seed === undefined ? '' : ` (seed ${this.seed})`
    return new CacheError('ERR_CACHE_STORE', `the plan of the faulty store says ${fault}${seed}`)
  }
}

function asItIs<T>(answer: T): T {
  return answer
}

async function* noKeys(): AsyncGenerator<readonly string[]> {}
