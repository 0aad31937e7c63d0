import { duration, type Duration } from '@cacheado/core'
import { configError } from '@cacheado/core/store'
import type { KeyvAdapter, KeyvInstance } from './keyv-adapter.js'

/** What every store over Keyv can be told. */
export interface KeyvStoreSettings {
  /**
   * Begins every key, with a colon after it: the only thing that keeps caches in one table apart. Up to 100 printable ASCII
   * characters without braces. Default: `'cacheado'`.
   */
  readonly prefix?: string
  /**
   * How long one call of the adapter may take before its operation rejects and the next one on the same key gets its turn.
   * Default: 1 s.
   */
  readonly timeout?: Duration
}

/** Options of a store over a `Keyv`. */
export interface KeyvInstanceOptions extends KeyvStoreSettings {
  /**
   * A `Keyv` of version 5 or 6: its adapter is used, with no other of its options. Neither its namespace nor its serialization
   * and compression are applied: core does that. One with `encryption` is refused.
   */
  readonly keyv: KeyvInstance
  readonly store?: undefined
}

/** Options of a store over a storage adapter. */
export interface KeyvAdapterOptions extends KeyvStoreSettings {
  /** An adapter: `new KeyvSqlite('sqlite://cache.sqlite')`, `new KeyvPostgres(…)`, a `Map`. */
  readonly store: KeyvAdapter
  readonly keyv?: undefined
}

/** Options of `keyvStore`. */
export type KeyvStoreOptions = KeyvInstanceOptions | KeyvAdapterOptions

/** The options, read. */
export interface KeyvPlan {
  readonly adapter: KeyvAdapter
  readonly prefix: string
  readonly timeout: number
}

/** @throws CacheError `ERR_CACHE_CONFIG` for a bad option */
export function keyvPlan({ keyv, store, prefix = 'cacheado', timeout = 1000 }: KeyvStoreOptions): KeyvPlan {
  if (typeof prefix !== 'string' || !/^[\x21-\x7e]{1,100}$/.test(prefix) || /[{}]/.test(prefix)) {
    throw configError('prefix', 'up to 100 printable ASCII characters without white space and braces')
  }
  if ((keyv === undefined) === (store === undefined)) throw configError('keyv', 'either a `keyv` or a `store`')
  if (keyv?.encryption) throw configError('keyv', 'a Keyv without encryption, which this store would go round')
  const option = keyv === undefined ? 'store' : 'keyv'
  return { adapter: checked(keyv === undefined ? store : keyv?.store, option), prefix, timeout: span(timeout) }
}

function checked(adapter: unknown, option: string): KeyvAdapter {
  const candidate = adapter as KeyvAdapter | undefined
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof candidate?.[method] !== 'function') throw configError(option, `an adapter with a method \`${method}\``)
  }
  // A failure that is kept quiet would count as "nothing there" and as "done".
  if (candidate?.throwOnErrors === false) throw configError(option, 'an adapter with `throwOnErrors: true`')
  return candidate as KeyvAdapter
}

function span(value: Duration): number {
  const ms = typeof value === 'string' ? duration(value, 'timeout') : value
  if (typeof ms !== 'number' || !(ms >= 1 && ms <= 60_000)) throw configError('timeout', 'between 1 ms and one minute')
  return ms
}
