import { createCache, type ScopedCache } from '@cacheado/core'
import { manualClock, type ManualClock } from '@cacheado/core/testing'
import { redisStore } from '@cacheado/redis'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { entryKeys } from './kit/entries.js'

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const NOW = Date.UTC(2026, 2, 29)

/** Where a wall clock jumps to; the daylight saving jumps are those of the local time, which nothing here looks at. */
const JUMPS = [
  ['an hour ahead', NOW + HOUR],
  ['an hour back', NOW - HOUR],
  ['a year ahead', NOW + YEAR],
  ['a year back', NOW - YEAR],
  ['to 1970', 0],
  ['half a second ahead', NOW + 500],
  ['half a second back', NOW - 500],
] as const

// T-44, fault F33. Expiry runs on the monotonic clock and by Redis; the wall clock only dates what another process reads.
describeEngine('redis-server', 'wall clocks that jump', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  beforeEach(() => redis.call('FLUSHALL'))
  afterAll(() => redis.close())

  async function startNode(memory: false | object = {}): Promise<{ cache: ScopedCache; clock: ManualClock }> {
    const clock = manualClock(NOW)
    const cache = createCache({ remote: redisStore({ url: redis.url }), ttl: '1m', memory, clock })
    onTestFinished(() => cache.close())
    await cache.ready()
    return { cache, clock }
  }

  describe.each(JUMPS)('%s', (_name, wall) => {
    it("the writer's: its own memory is as fresh as before, and expires as before", async () => {
      const { cache, clock } = await startNode()
      await cache.global.set('key', 'value')
      clock.setWall(wall)
      expect(await cache.global.get('key')).toBe('value')
      clock.advance('59s')
      expect(await cache.global.get('key')).toBe('value')
      clock.advance('2s')
      expect(await cache.global.get('key')).toBeUndefined()
    })

    it("the writer's, before it writes: a reader never serves it past its time, and loads where it cannot tell", async () => {
      const writer = await startNode()
      writer.clock.setWall(wall)
      await writer.cache.global.set('key', 'written')
      // It hears nothing of the write: it has to judge by what it finds.
      const reader = await startNode(false)
      const isTold = wall >= NOW - 60_000 && wall <= NOW + 1000
      expect(await reader.cache.global.getOrSet('key', () => 'loaded')).toBe(isTold ? 'written' : 'loaded')
      // What it loaded is dated by its own clock.
      expect(await reader.cache.global.getOrSet('key', () => 'again')).toBe(isTold ? 'written' : 'loaded')
    })

    it("the reader's: nothing throws, and what it writes then it can read", async () => {
      const [writer, reader] = await Promise.all([startNode(), startNode(false)])
      await writer.cache.global.set('key', 'written')
      reader.clock.setWall(wall)
      expect(['written', 'loaded']).toContain(await reader.cache.global.getOrSet('key', () => 'loaded'))
      await reader.cache.global.set('own', 'value')
      expect(await reader.cache.global.get('own')).toBe('value')
    })

    it('an invalidation counts all the same', async () => {
      const [writer, reader] = await Promise.all([startNode(), startNode(false)])
      await reader.cache.global.getOrSet('key', () => 'old')
      writer.clock.setWall(wall)
      reader.clock.setWall(wall)
      expect(await writer.cache.global.invalidate()).toMatchObject({ applied: true })
      expect(await reader.cache.global.getOrSet('key', () => 'new')).toBe('new')
    })
  })

  it('a lifetime of a millisecond is one: it is stored, and gone', async () => {
    const cache = createCache({ remote: redisStore({ url: redis.url }), memory: false })
    onTestFinished(() => cache.close())
    await cache.ready()
    await cache.global.set('key', 'value', { ttl: 1 })
    await pause(5)
    expect(await cache.global.get('key')).toBeUndefined()
    expect(cache.stats().remote).toMatchObject({ errors: 0, dropped: 0 })
  })

  it("the longest lifetime, 'max', is thirty days in Redis, too", async () => {
    const { cache } = await startNode()
    await cache.global.set('key', 'value', { ttl: 'max' })
    const [key] = await entryKeys(redis)
    const life = Number(await redis.call('PTTL', key as string))
    expect(Math.abs(life - 30 * 24 * HOUR)).toBeLessThan(10_000)
    for (const stamp of (await redis.call('KEYS', '*|#*')) as readonly Buffer[]) {
      expect(Number(await redis.call('PTTL', stamp))).toBeGreaterThan(life)
    }
  })

  it.each([Number.NaN, -1, Infinity, 0])('a lifetime of %d throws', async (ttl) => {
    const { cache } = await startNode()
    await expect(async () => cache.global.set('key', 'value', { ttl })).rejects.toThrow(/ttl/)
  })
})
