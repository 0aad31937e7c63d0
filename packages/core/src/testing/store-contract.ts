import { configError } from '../cache-error.js'
import type { Store } from '../store/store.js'
import { atomicChecks } from './store-contract-atomic.js'
import { Bench, type BenchCheck } from './store-contract-bench.js'
import { busChecks } from './store-contract-bus.js'
import { byteChecks } from './store-contract-bytes.js'
import { keyChecks } from './store-contract-keys.js'
import { timeChecks } from './store-contract-time.js'

/** One thing that a store has to do. */
export interface StoreContractCheck {
  /** What {@link StoreContractOptions.except} calls it. Stable. */
  readonly id: string
  /** A sentence about it: the test's name. It ends with the reason where the check is excepted. */
  readonly name: string
  /** Why the store does not promise it, where {@link StoreContractOptions.except} says so. */
  readonly excepted: string | undefined
  /** Rejects with an `Error` that says what went wrong. Does nothing where the check is excepted. */
  readonly run: () => Promise<void>
}

/** Options of {@link storeContract}. */
export interface StoreContractOptions {
  /** Begins every key that is written, so that an engine others use too stays as it is. Default: random. */
  readonly prefix?: string
  /** Milliseconds within which a short ttl has to end, a message to arrive, a bus to be up. Default: 5,000. */
  readonly deadline?: number
  /**
   * What the store cannot promise, by the id of the check, with the reason: `{ 'replace-once': 'it has no transactions' }`.
   * Nothing is left out silently: a store without `keys` has to say so here (`keys`, `keys-patterns`), one without a bus (`bus`,
   * `bus-order`, `bus-set`, `bus-close`), one without `distrust` (`distrust`).
   */
  readonly except?: Readonly<Record<string, string>>
}

/**
 * What every {@link Store} has to do, for any test runner: each check rejects where the store fails it. Checks use real time and
 * leave behind what they wrote for ten minutes at the most, on an engine that forgets.
 *
 * @param open opens a new store on one and the same engine: the checks open several, as several processes would, and close them
 * @throws CacheError `ERR_CACHE_CONFIG` where `except` names a check that there is not
 * @example
 * ```ts
 * describe('my store', () => {
 *   for (const check of storeContract(() => myStore({ url }), { except: { distrust: 'it has no connection' } })) {
 *     it(check.name, check.run)
 *   }
 * })
 * ```
 */
export function storeContract(
  open: () => Promise<Store> | Store,
  options: StoreContractOptions = {},
): readonly StoreContractCheck[] {
  const { except = {}, prefix = `contract:${randomText()}:`, deadline = 5000 } = options
  const checks = [...byteChecks, ...timeChecks, ...atomicChecks, ...keyChecks, ...busChecks]
  for (const id of Object.keys(except)) {
    if (!checks.some((check) => check.id === id)) throw configError(`except.${id}`, 'the id of a check')
  }
  return checks.map((check) => {
    const excepted = except[check.id]
    return {
      id: check.id,
      name: excepted === undefined ? check.name : `${check.name} (not promised: ${excepted})`,
      excepted,
      run: async () => {
        if (excepted === undefined) await runCheck(check, new Bench(open, `${prefix}${check.id}:`, deadline))
      },
    }
  })
}

async function runCheck(check: BenchCheck, bench: Bench): Promise<void> {
  try {
    await check.run(bench)
  } finally {
    await bench.close()
  }
}

function randomText(): string {
  return Math.random().toString(36).slice(2, 12)
}
