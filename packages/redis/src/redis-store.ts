import type { Store, StoreItem } from '@cacheado/core/store'
import { borrowedLink } from './borrowed-link.js'
import { isReplyError } from './errors.js'
import { beginsWith } from './glob.js'
import { groupBySlot } from './key-slot.js'
import type { Argument, Link } from './link.js'
import { OwnClusterLink } from './own-cluster-link.js'
import { OwnLink } from './own-link.js'
import { RedisBus } from './redis-bus.js'
import { checkOptions, type OwnClientOptions, type RedisStoreOptions } from './redis-options.js'
import { CREATE, REPLACE, SET_AND_PUBLISH } from './script.js'

/** How many keys a server looks at for one slice of {@link Store.keys}. */
const SLICE = 1_000

/** A store over Redis. Makes no connection yet. @throws CacheError `ERR_CACHE_CONFIG` */
export function createRedisStore(options: RedisStoreOptions): Store {
  const prefix = checkOptions(options)
  return new RedisStore(linkTo(options), prefix)
}

function linkTo(options: RedisStoreOptions): Link {
  if (options.client !== undefined) return borrowedLink(options)
  const own: OwnClientOptions = options
  return own.cluster === undefined ? new OwnLink(own) : new OwnClusterLink(own, own.cluster.nodes)
}

class RedisStore implements Store {
  readonly name = 'redis'
  readonly bus: RedisBus
  readonly #link: Link
  readonly #prefix: string
  readonly #channel: string

  constructor(link: Link, prefix: string) {
    this.#link = link
    this.#prefix = `${prefix}:`
    this.#channel = `${prefix}:bus`
    this.bus = new RedisBus(link, this.#channel)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const [key] = keys
    // The common look-up: no promise but the client's and this one.
    if (keys.length === 1) return this.#get(this.#prefix + key)
    const full = keys.map((each) => this.#prefix + each)
    return this.#link.isCluster ? this.#getFromSlots(full) : this.#getTogether(full)
  }

  async #getFromSlots(full: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = new Array<Uint8Array | undefined>(full.length)
    const bySlot = groupBySlot(full, (key) => key).map(async ({ items, places }) => {
      const found = await this.#getTogether(items)
      for (const [at, place] of places.entries()) values[place] = found[at]
    })
    await Promise.all(bySlot)
    return values
  }

  async set(items: readonly StoreItem[], message?: Uint8Array): Promise<void> {
    if (items.length === 0) return message && this.bus.publish(message)
    if (this.#link.isCluster) return this.#setInCluster(items, message)
    // One connection keeps the order, so no transaction: a message whose write was refused makes listeners look in vain.
    const sent = items.map((item) => this.#write(item))
    if (message !== undefined) sent.push(this.bus.publish(message))
    await Promise.all(sent)
  }

  async create(item: StoreItem): Promise<Uint8Array> {
    const found = await CREATE.run(this.#link.send, [this.#prefix + item.key], valueAndTtl(item))
    return (found as Buffer | null) ?? item.value
  }

  async replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean> {
    const args = valueAndTtl(item)
    if (seen !== undefined) args.push(asBuffer(seen))
    return (await REPLACE.run(this.#link.send, [this.#prefix + item.key], args)) === 1
  }

  async delete(keys: readonly string[]): Promise<number> {
    const full = keys.map((key) => this.#prefix + key)
    if (full.length === 0) return 0
    const groups = this.#link.isCluster ? groupBySlot(full, (key) => key).map(({ items }) => items) : [full]
    const counts = await Promise.all(groups.map((group) => this.#link.send(group[0] as string, ['UNLINK', ...group])))
    return counts.reduce<number>((sum, count) => sum + Number(count), 0)
  }

  async *keys(prefix: string): AsyncIterable<readonly string[]> {
    const pattern = beginsWith(this.#prefix + prefix)
    for (const send of await this.#link.masters()) {
      let cursor = '0'
      do {
        const reply = await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SLICE)])
        const [next, found] = reply as [unknown, readonly unknown[]]
        cursor = String(next)
        if (found.length > 0) yield found.map((key) => String(key).slice(this.#prefix.length))
      } while (cursor !== '0')
    }
  }

  connect(): Promise<void> {
    return this.#link.connect()
  }

  distrust(): 'replaced' | 'borrowed' {
    const outcome = this.#link.distrust()
    if (outcome === 'replaced') this.bus.replace()
    return outcome
  }

  async close(): Promise<void> {
    this.bus.close()
    this.#link.close()
  }

  /** A key that holds something else than a string holds no entry: it is written over. `MGET` says so by itself. */
  #get(key: string): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#link.send(key, ['GET', key]).then(one, noneOfWrongType)
  }

  async #getTogether(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    const found = (await this.#link.send(keys[0] as string, ['MGET', ...keys])) as readonly (Buffer | null)[]
    return found.map((value) => value ?? undefined)
  }

  async #write(item: StoreItem): Promise<void> {
    const key = this.#prefix + item.key
    await this.#link.send(key, ['SET', key, asBuffer(item.value), 'PX', String(item.ttl)])
  }

  /** What shares a slot is one command, the message included where all does; else the message goes when all is written. */
  async #setInCluster(items: readonly StoreItem[], message: Uint8Array | undefined): Promise<void> {
    const groups = groupBySlot(items, ({ key }) => this.#prefix + key)
    const isTogether = groups.length === 1
    const told = isTogether && message !== undefined ? [this.#channel, asBuffer(message)] : []
    await Promise.all(groups.map((group) => this.#writeSlot(group.items, told)))
    if (!isTogether && message !== undefined) await this.bus.publish(message)
  }

  async #writeSlot(items: readonly StoreItem[], told: readonly Argument[]): Promise<void> {
    const [first, ...others] = items as readonly [StoreItem, ...StoreItem[]]
    if (others.length === 0 && told.length === 0) return this.#write(first)
    const keys = items.map(({ key }) => this.#prefix + key) as [string, ...string[]]
    await SET_AND_PUBLISH.run(this.#link.send, keys, [...items.flatMap(valueAndTtl), ...told])
  }
}

function valueAndTtl(item: StoreItem): Argument[] {
  return [asBuffer(item.value), String(item.ttl)]
}

/** The same bytes: clients write nothing but strings and buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function one(value: unknown): readonly (Uint8Array | undefined)[] {
  return [(value as Buffer | null) ?? undefined]
}

function noneOfWrongType(error: unknown): readonly undefined[] {
  if (isReplyError(error, 'WRONGTYPE')) return [undefined]
  throw error
}
