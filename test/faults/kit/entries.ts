import type { RedisServer } from '../../engines/redis-server.js'

/** Where an envelope's format stands: behind its write id and three bytes of magic. */
const FORMAT_AT = 19

/** The keys of values in a Redis, without stamps and leases; for tests only, which may look at all keys. */
export async function entryKeys(redis: RedisServer, prefix = 'cacheado'): Promise<readonly string[]> {
  const keys = (await redis.call('KEYS', `${prefix}:*`)) as readonly Buffer[]
  return keys.map(String).filter((key) => !key.includes('|#') && !key.endsWith('|lease'))
}

/** The keys of stamps. */
export async function stampKeys(redis: RedisServer, prefix = 'cacheado'): Promise<readonly string[]> {
  const keys = (await redis.call('KEYS', `${prefix}:*|#*`)) as readonly Buffer[]
  return keys.map(String)
}

/** Writes each value anew as `change` says, under the same key and with the same life. Gives how many. */
export async function changeEntries(redis: RedisServer, change: (value: Buffer) => Buffer): Promise<number> {
  const keys = await entryKeys(redis)
  for (const key of keys) {
    const value = (await redis.call('GET', key)) as Buffer | null
    if (value !== null) await redis.call('SET', key, change(value), 'KEEPTTL')
  }
  return keys.length
}

/** Puts something under the keys of values that is no string at all. */
export async function replaceByLists(redis: RedisServer): Promise<number> {
  const keys = await entryKeys(redis)
  for (const key of keys) {
    await redis.call('DEL', key)
    await redis.call('RPUSH', key, 'no', 'entry')
  }
  return keys.length
}

/** Another bit is wrong in each value: somewhere behind the format. */
export function flipBits(value: Buffer): Buffer {
  const changed = Buffer.from(value)
  const at = FORMAT_AT + 1 + ((value[0] as number) % (value.length - FORMAT_AT - 1))
  changed[at] = (changed[at] as number) ^ (1 << ((value[1] as number) % 8))
  return changed
}

export function setFormat(format: number) {
  return (value: Buffer): Buffer => {
    const changed = Buffer.from(value)
    changed[FORMAT_AT] = format
    return changed
  }
}
