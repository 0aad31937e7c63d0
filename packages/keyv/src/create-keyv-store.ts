import type { Store, StoreItem } from '@cacheado/core/store'
import { closedError, storeError, timeoutError } from './errors.js'
import { KeyLocks } from './key-locks.js'
import type { KeyvAdapter } from './keyv-adapter.js'
import { keyvPlan, type KeyvPlan, type KeyvStoreOptions } from './keyv-options.js'
import { rowKey } from './row-key.js'
import { rowText, valueOf } from './row-text.js'

/** The store without what core adds to it. @throws CacheError `ERR_CACHE_CONFIG` for a bad option */
export function createKeyvStore(options: KeyvStoreOptions): Store {
  return new KeyvStore(keyvPlan(options))
}

class KeyvStore implements Store {
  readonly name = 'keyv'
  readonly #adapter: KeyvAdapter
  readonly #prefix: string
  readonly #timeout: number
  /** Of all stores on the adapter in this process. */
  readonly #locks: KeyLocks
  #isClosed = false

  constructor({ adapter, prefix, timeout }: KeyvPlan) {
    this.#adapter = adapter
    this.#prefix = prefix
    this.#timeout = timeout
    this.#locks = locksOf(adapter)
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#checkOpen()
    return this.#read(keys.map((key) => this.#key(key)))
  }

  async set(items: readonly StoreItem[]): Promise<void> {
    for (const item of items) {
      this.#checkOpen()
      await this.#locks.run([this.#key(item.key)], () => this.#write(item))
    }
  }

  async create(item: StoreItem): Promise<Uint8Array> {
    this.#checkOpen()
    const key = this.#key(item.key)
    return this.#locks.run([key], async () => {
      const [found] = await this.#read([key])
      if (found) return found
      await this.#write(item)
      return item.value
    })
  }

  async replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    this.#checkOpen()
    const key = this.#key(item.key)
    return this.#locks.run([key], async () => {
      const [found] = await this.#read([key])
      if (!isUnchanged(found, seen)) return false
      // Only its time would be new: a stamp. Written again, it would undo an invalidation that another process makes right now,
      // with all that was invalidated; left to end, it costs some misses.
      if (found?.length === item.value.length && isUnchanged(found, item.value)) return false
      await this.#write(item)
      return true
    })
  }

  async delete(keys: readonly string[]): Promise<number> {
    this.#checkOpen()
    const own = [...new Set(keys.map((key) => this.#key(key)))]
    return this.#locks.run(own, async () => {
      const found = await this.#read(own)
      // One by one: what `deleteMany` gives differs between adapters, and some keep its failures to themselves.
      await Promise.all(own.map((key) => this.#inTime(() => this.#adapter.delete(key))))
      return found.filter((value) => value !== undefined).length
    })
  }

  distrust(): 'borrowed' {
    return 'borrowed'
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async #read(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    const rows = await this.#inTime(() => rowsOf(this.#adapter, keys))
    if (!Array.isArray(rows) || rows.length !== keys.length)
      throw storeError('the adapter gave another number of values')
    const now = Date.now()
    return rows.map((row) => valueOf(row, now))
  }

  async #write({ key, value, ttl }: StoreItem): Promise<void> {
    const expires = Date.now() + ttl
    const text = rowText(value, expires)
    const time = this.#adapter.capabilities?.expires === true ? expires : ttl
    const answer = await this.#inTime(() => this.#adapter.set(this.#key(key), text, time))
    if (answer === false) throw storeError('the adapter could not write')
  }

  /** A call that never ends must not keep the key, nor the caller. */
  async #inTime<T>(call: () => T): Promise<Awaited<T>> {
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(timeoutError()), this.#timeout)
      })
      return await Promise.race([call(), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #key(key: string): string {
    return rowKey(`${this.#prefix}:${key}`)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError()
  }
}

const locks = new WeakMap<KeyvAdapter, KeyLocks>()

function locksOf(adapter: KeyvAdapter): KeyLocks {
  const known = locks.get(adapter)
  if (known) return known
  // An emitter without a listener ends the process. What it tells, the operation that met it rejects with.
  adapter.on?.('error', () => {})
  const created = new KeyLocks()
  locks.set(adapter, created)
  return created
}

/** One row for each key. Adapters may give rows in another order where a key comes twice: each is asked for once. */
async function rowsOf(adapter: KeyvAdapter, keys: readonly string[]): Promise<unknown> {
  const own = [...new Set(keys)]
  const rows = adapter.getMany ? await adapter.getMany(own) : await Promise.all(own.map((key) => adapter.get(key)))
  if (own.length === keys.length || !Array.isArray(rows) || rows.length !== own.length) return rows
  const byKey = new Map(own.map((key, at) => [key, rows[at] as unknown]))
  return keys.map((key) => byKey.get(key))
}

function isUnchanged(found: Uint8Array | undefined, seen: Uint8Array | undefined): boolean {
  if (!found || !seen) return found === seen
  return found.length >= seen.length && seen.every((byte, at) => byte === found[at])
}
