import { seededRandom } from './seeded-random.js'
import { configError } from '../cache-error.js'

/** What a plan decides about: the operations of a store, and each message that its bus brings. */
export type StoreOperation = 'getMany' | 'set' | 'create' | 'replace' | 'delete' | 'keys' | 'publish' | 'message'

/**
 * What goes wrong with one call.
 *
 * - `refuse`: rejects at once; the store is not asked. A connection that is refused, a server that says no.
 * - `fail`: the store does it, and then it rejects: the acknowledgement is lost.
 * - `hang`: never settles; the store is not asked. A frozen server.
 * - `delay`: the store is asked when `release()` is called.
 * - `delay-answer`: the store does it now; the answer comes when `release()` is called.
 * - `lose`: resolves as if it were done, and it is not: reads find nothing, writes are not written.
 * - `corrupt`: one bit of each value that is read is another.
 * - `swap`: the values of an answer change places; a single one is that of the key that was read before it.
 * - `shift`: gives the values of the answer before, as a connection does that is one reply behind.
 *
 * `corrupt`, `swap` and `shift` are about what is read: `getMany`, `create`, messages. Other operations go on as if nothing were.
 * A **message** is lost by `refuse`, `fail`, `hang` and `lose`; with `swap` it comes after the next one, with `shift` the one before
 * comes again instead of it.
 */
export type StoreFault = 'refuse' | 'fail' | 'hang' | 'delay' | 'delay-answer' | 'lose' | 'corrupt' | 'swap' | 'shift'

/** One call, as a plan sees it. */
export interface StoreCall {
  readonly operation: StoreOperation
  /** What it is about; empty for `keys`, `publish` and messages. */
  readonly keys: readonly string[]
  /** How many calls of this operation there were, this one included. */
  readonly count: number
}

/** Decides about each call: the fault, or `undefined` where all is well. */
export type DecideFault = (call: StoreCall) => StoreFault | undefined

/** A fault for every operation, one for some of them, or a decision for each call. */
export type FaultPlan = StoreFault | { readonly [operation in StoreOperation]?: StoreFault } | DecideFault

/** Options of {@link randomFaults}. */
export interface RandomFaultOptions {
  /** Where the random numbers begin. Default: another one each time; errors name it. */
  readonly seed?: number
  /** How many calls of one go wrong, from 0 to 1. Default: 0.1. */
  readonly rate?: number
  /** What goes wrong. Default: `refuse`, `fail`, `lose`, `corrupt`, `swap` and `shift`, which need no `release()`. */
  readonly faults?: readonly StoreFault[]
  /** Where. Default: everywhere. */
  readonly operations?: readonly StoreOperation[]
}

/** A {@link FaultPlan} by chance, that repeats with its seed as long as the calls come in the same order. */
export interface RandomFaults extends DecideFault {
  readonly seed: number
}

const SETTLING: readonly StoreFault[] = ['refuse', 'fail', 'lose', 'corrupt', 'swap', 'shift']

/**
 * Faults by chance, for {@link faultyStore}: the same for the same seed.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a rate that is none, and where there is no fault to choose from
 * @example
 * ```ts
 * const faults = randomFaults({ rate: 0.2, operations: ['getMany', 'set'] })
 * console.log(`seed ${faults.seed}`)
 * const store = faultyStore(memoryStore(), faults)
 * ```
 */
export function randomFaults(options: RandomFaultOptions = {}): RandomFaults {
  const { seed = Math.floor(Math.random() * 2 ** 32), rate = 0.1, faults = SETTLING, operations } = options
  if (!(rate >= 0 && rate <= 1)) throw configError('rate', 'a number from 0 to 1')
  if (faults.length === 0) throw configError('faults', 'one fault at least')
  const random = seededRandom(seed)
  const decide: DecideFault = ({ operation }) => {
    if (operations !== undefined && !operations.includes(operation)) return undefined
    return random() < rate ? faults[Math.floor(random() * faults.length)] : undefined
  }
  return Object.assign(decide, { seed })
}

/** The seed of a plan that has one. */
export function seedOf(plan: FaultPlan | undefined): number | undefined {
  return typeof plan === 'function' && 'seed' in plan ? (plan as RandomFaults).seed : undefined
}

/** What the plan says about the call. */
export function decide(plan: FaultPlan | undefined, call: StoreCall): StoreFault | undefined {
  if (plan === undefined || typeof plan === 'string') return plan
  return typeof plan === 'function' ? plan(call) : plan[call.operation]
}
