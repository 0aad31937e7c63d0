import type { Store, StoreItem } from '@cacheado/core/store'
import { BorrowedClient } from './borrowed-client.js'
import type { Commands, Entry, Found } from './commands.js'
import { closedError, storeError, tooLarge } from './errors.js'
import { expiry } from './expiry.js'
import { memcachedPlan, type MemcachedPlan, type MemcachedStoreOptions } from './memcached-options.js'
import { OwnServer } from './own-server.js'
import { ServerChoice } from './server-choice.js'
import { storeKey } from './store-key.js'

/** What an item takes beside its key and value, in any version of the server, rounded up. */
const ITEM_OVERHEAD = 64
/** How often `create` begins again when what was there has gone before it could be read. */
const MOST_ROUNDS = 5

/** The store without what core adds to it. @throws CacheError `ERR_CACHE_CONFIG` for a bad option */
export function createMemcachedStore(options: MemcachedStoreOptions): Store {
  return new MemcachedStore(memcachedPlan(options))
}

class MemcachedStore implements Store {
  readonly name = 'memcached'
  readonly #plan: MemcachedPlan
  readonly #own: readonly OwnServer[]
  readonly #choice: ServerChoice<Commands>
  #isClosed = false

  constructor(plan: MemcachedPlan) {
    this.#plan = plan
    const own = plan.addresses.map(({ name, address }) => ({ name, server: new OwnServer({ ...plan, address }) }))
    this.#own = own.map(({ server }) => server)
    this.#choice = new ServerChoice<Commands>(
      plan.client ? [{ name: 'client', server: new BorrowedClient(plan.client) }] : own,
    )
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#checkOpen()
    const asked = keys.map((key) => ({ server: this.#choice.of(key), key: this.#key(key) }))
    const servers = [...new Set(asked.map(({ server }) => server))]
    const found = new Map<Commands, ReadonlyMap<string, Found>>()
    await Promise.all(
      servers.map(async (server) => {
        const own = asked.filter((place) => place.server === server).map(({ key }) => key)
        found.set(server, await server.get(own, false))
      }),
    )
    return eachItsOwn(asked.map(({ server, key }) => found.get(server)?.get(key)?.value))
  }

  async set(items: readonly StoreItem[]): Promise<void> {
    this.#checkOpen()
    let last: Commands | undefined
    let sent: Promise<void>[] = []
    // In order: commands to one server keep theirs, another server waits until those before it are done.
    for (const item of items) {
      const server = this.#choice.of(item.key)
      if (last !== undefined && server !== last) {
        await allDone(sent)
        sent = []
      }
      last = server
      sent.push(this.#set(server, item))
    }
    await allDone(sent)
  }

  async create(item: StoreItem): Promise<Uint8Array> {
    this.#checkOpen()
    const { server, entry } = this.#sized(item)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (await server.add(entry)) return item.value
      const found = (await server.get([entry.key], false)).get(entry.key)
      if (found) return found.value
    }
    throw storeError('what is there vanished each time before it could be read')
  }

  async replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    this.#checkOpen()
    const { server, entry } = this.#sized(item)
    if (seen === undefined) return server.add(entry)
    const found = (await server.get([entry.key], true)).get(entry.key)
    if (!found || !beginsWith(found.value, seen)) return false
    if (found.unique === undefined) throw storeError('a value came without what tells whether it is unchanged')
    return server.cas(entry, found.unique)
  }

  async delete(keys: readonly string[]): Promise<number> {
    this.#checkOpen()
    const deleted = await Promise.all(keys.map((key) => this.#choice.of(key).delete(this.#key(key))))
    return deleted.filter(Boolean).length
  }

  async connect(): Promise<void> {
    await Promise.allSettled(this.#own.map((server) => server.connect()))
  }

  distrust(): 'replaced' | 'borrowed' {
    if (this.#plan.client) return 'borrowed'
    for (const server of this.#own) server.distrust()
    return 'replaced'
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const server of this.#own) server.close()
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError()
  }

  #key(key: string): string {
    return storeKey(`${this.#plan.prefix}:${key}`)
  }

  /** As the server would do it, only that a value which is too large is not sent first: what was there does not outlive it. */
  async #set(server: Commands, item: StoreItem): Promise<void> {
    const entry = this.#entry(item)
    if (!this.#isTooLarge(entry)) return server.set(entry)
    await server.delete(entry.key)
    throw tooLarge()
  }

  #sized(item: StoreItem): { server: Commands; entry: Entry } {
    const entry = this.#entry(item)
    if (this.#isTooLarge(entry)) throw tooLarge()
    return { server: this.#choice.of(item.key), entry }
  }

  #entry({ key, value, ttl }: StoreItem): Entry {
    return { key: this.#key(key), value, expiry: expiry(ttl) }
  }

  #isTooLarge({ key, value }: Entry): boolean {
    return key.length + value.length + ITEM_OVERHEAD > this.#plan.maxItemBytes
  }
}

/** Waits for all, so that nothing is under way any more when it rejects. */
async function allDone(sent: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(sent)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

/** A key that comes twice is asked for once: each place gets bytes of its own. */
function eachItsOwn(values: readonly (Uint8Array | undefined)[]): readonly (Uint8Array | undefined)[] {
  const given = new Set<Uint8Array>()
  return values.map((value) => {
    if (value === undefined) return undefined
    if (given.has(value)) return value.slice()
    given.add(value)
    return value
  })
}

function beginsWith(value: Uint8Array, beginning: Uint8Array): boolean {
  return value.length >= beginning.length && beginning.every((byte, at) => byte === value[at])
}
