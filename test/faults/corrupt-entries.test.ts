import { createCache, type ScopedCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { seededRandom } from '../../packages/core/src/testing/seeded-random.js'
import { until } from '../engines/until.js'
import { expectNoUnhandledRejection } from '../../packages/core/test/support/unhandled.js'
import { entryKeys, stampKeys } from './kit/entries.js'

const VALUE = { id: 1, name: 'invoice', lines: [1, 2, 3], at: new Date(0), note: 'é'.repeat(40) }
/** Random changes in all. */
const CHANGES = 1500

// T-30, faults F28 and F29, on a real Redis.
describeEngine('redis-server', 'an entry that is not what was written', () => {
  expectNoUnhandledRejection()
  let redis: RedisServer
  let cache: ScopedCache
  let loads = 0
  beforeAll(async () => {
    redis = await startRedis()
  })
  beforeEach(async () => {
    await redis.call('FLUSHALL')
    loads = 0
    cache = createCache({ remote: redisStore({ url: redis.url }), memory: false, ttl: '1h' })
    onTestFinished(() => cache.close())
    await cache.ready()
  })
  afterAll(() => redis.close())

  const read = () =>
    cache.global.getOrSet('key', () => {
      loads++
      return VALUE
    })

  /** Stores the value; gives its key in Redis and what stands under it. */
  async function stored(): Promise<{ key: string; bytes: Buffer }> {
    await read()
    let key: string | undefined
    await until('it is stored', async () => ([key] = await entryKeys(redis)).length === 1)
    return { key: key as string, bytes: (await redis.call('GET', key as string)) as Buffer }
  }

  it(`${CHANGES} random changes: each is a miss or the very value, counted, and replaced`, async () => {
    const seed = Number(process.env['CACHEADO_SEED'] ?? randomInt(2 ** 31))
    console.info(`CACHEADO_SEED=${seed}`)
    const random = seededRandom(seed)
    const { key, bytes } = await stored()
    for (let left = CHANGES; left > 0; left--) {
      const before = loads
      await redis.call('SET', key, changed(bytes, random))
      expect(await read()).toEqual(VALUE)
      // Only the write id may differ and leave it whole; it is no part of what is said.
      if (loads > before) await until('it is replaced', async () => isWhole((await redis.call('GET', key)) as Buffer))
    }
    const { corrupt = 0, foreign = 0, mismatches = 0 } = cache.stats().remote ?? {}
    expect(loads - 1).toBeGreaterThan(CHANGES * 0.5)
    expect(corrupt + foreign + mismatches).toBe(loads - 1)
    expect(mismatches).toBe(0)
  }, 60_000)

  it.each([
    ['a list', ['RPUSH', 'a', 'b']],
    ['a hash', ['HSET', 'field', 'value']],
    ['a set', ['SADD', 'member']],
    ['a stream', ['XADD', '*', 'field', 'value']],
  ] as const)('%s under its key: a miss, and written over', async (_kind, [command, ...rest]) => {
    const { key } = await stored()
    await redis.call('DEL', key)
    await redis.call(command, key, ...rest)
    expect(await read()).toEqual(VALUE)
    expect(loads).toBe(2)
    await until('it is a value again', async () => String(await redis.call('TYPE', key)) === 'string')
    expect(await read()).toEqual(VALUE)
    expect(loads).toBe(2)
  })

  it('the value of another key under its key: a miss, an alarm, and written over', async () => {
    const { key } = await stored()
    await cache.global.set('other', { secret: true })
    const other = (await entryKeys(redis)).find((each) => each !== key) as string
    await redis.call('COPY', other, key, 'REPLACE')
    expect(await read()).toEqual(VALUE)
    expect(cache.stats().remote?.mismatches).toBeGreaterThan(0)
    await redis.call('DEL', key)
    await until('hits again', async () => {
      const before = loads
      await read()
      return loads === before
    })
  })

  it.each(['', 'no stamp', 'x'.repeat(17)])('a stamp that is none (%j): a miss, and made anew', async (text) => {
    await stored()
    for (const stamp of await stampKeys(redis)) await redis.call('SET', stamp, text)
    expect(await read()).toEqual(VALUE)
    await until('hits again', async () => {
      const before = loads
      await read()
      return loads === before
    })
  })
})

function changed(bytes: Buffer, random: () => number): Buffer {
  const below = (bound: number) => Math.floor(random() * bound)
  const copy = Buffer.from(bytes)
  const kind = below(5)
  if (kind === 0) return copy.subarray(0, below(copy.length))
  if (kind === 1) return Buffer.concat([copy, Buffer.alloc(1 + below(64), below(256))])
  if (kind === 2) return Buffer.from(Array.from({ length: below(400) }, () => below(256)))
  if (kind === 3) copy[below(copy.length)] = below(256)
  else copy.writeUInt8(copy.readUInt8(below(copy.length)) ^ (1 << below(8)), below(copy.length))
  return copy
}

/** Whether it begins as every entry does: not with what a change left there. */
function isWhole(bytes: Buffer): boolean {
  return bytes.length > 100 && bytes.subarray(16, 19).equals(Buffer.from([0xca, 0xc4, 0xed]))
}
