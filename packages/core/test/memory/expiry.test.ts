import { createTestCache, manualClock } from '@cacheado/core/testing'
import type { Duration, Policy } from '@cacheado/core'
import { describe, expect, it, vi } from 'vitest'
import { expectEmpty } from '../support/audit.js'

const DAYS_30 = 30 * 86_400_000

describe('an entry (T-44, R-34)', () => {
  it.each([
    [1, 1],
    ['1ms', 1],
    ['0.1ms', 1],
    [2.5, 3],
    ['90s', 90_000],
    ['max', DAYS_30],
    [Number.MAX_SAFE_INTEGER, DAYS_30],
  ] as const)('with a ttl of %s lives %d milliseconds, and not one more', (ttl, life) => {
    const { cache, clock } = createTestCache()
    cache.global.sync.set('k', 1, { ttl: ttl as Duration | 'max' })
    clock.advance(life - 1)
    expect(cache.global.sync.get('k')).toBe(1)
    expect(cache.global.sync.has('k')).toBe(true)
    clock.advance(1)
    expect(cache.global.sync.has('k')).toBe(false)
    expect(cache.global.sync.get('k')).toBeUndefined()
  })

  it('lives the ttl of the call, else of its namespace, else of the cache, else five minutes', () => {
    const life = (ttl: Policy['ttl'], namespaced: Policy['ttl'], called: Policy['ttl']) => {
      const { cache, clock } = createTestCache({ ttl })
      const { global } = cache.namespace('space', { ttl: namespaced })
      global.sync.set('k', 1, { ttl: called })
      let passed = 0
      for (; global.sync.has('k'); passed++) clock.advance('1s')
      return passed
    }
    expect(life('9s', '7s', '5s')).toBe(5)
    expect(life('9s', '7s', undefined)).toBe(7)
    expect(life('9s', undefined, undefined)).toBe(9)
    expect(life(undefined, undefined, undefined)).toBe(300)
  })

  it('begins to live again when it is written again, with the new ttl', () => {
    const { cache, clock } = createTestCache()
    cache.global.sync.set('k', 1, { ttl: 10 })
    clock.advance(9)
    cache.global.sync.set('k', 2, { ttl: 5 })
    clock.advance(4)
    expect(cache.global.sync.get('k')).toBe(2)
    clock.advance(1)
    expect(cache.global.sync.get('k')).toBeUndefined()
  })

  it('lives no longer for being read', () => {
    const { cache, clock } = createTestCache({ ttl: 10 })
    cache.global.sync.set('k', 1)
    for (let ms = 0; ms < 10; ms++, clock.advance(1)) expect(cache.global.sync.get('k')).toBe(1)
    expect(cache.global.sync.get('k')).toBeUndefined()
  })

  it('is on the monotonic clock: the wall clock may jump, forward and back', () => {
    const { cache, clock } = createTestCache({ ttl: '1m' })
    cache.global.sync.set('k', 1)
    clock.setWall(new Date('2099-01-01'))
    expect(cache.global.sync.get('k')).toBe(1)
    clock.setWall(0)
    clock.advance('59s')
    expect(cache.global.sync.get('k')).toBe(1)
    clock.advance('1s')
    expect(cache.global.sync.get('k')).toBeUndefined()
  })

  it('does not care where its clock began', () => {
    const clock = manualClock()
    clock.advance('1000d')
    const { cache } = createTestCache({ clock, ttl: 10 })
    cache.global.sync.set('k', 1)
    clock.advance(9)
    expect(cache.global.sync.get('k')).toBe(1)
    clock.advance(1)
    expect(cache.global.sync.get('k')).toBeUndefined()
  })

  it('tells its age', async () => {
    const { cache, clock } = createTestCache({ ttl: 100, staleWhileRevalidate: 50 })
    await cache.global.set('k', 1)
    clock.advance(99)
    expect(await cache.global.lookup('k')).toEqual({ hit: true, value: 1, stale: false, age: 99 })
    clock.advance(1)
    expect(await cache.global.lookup('k')).toEqual({ hit: true, value: 1, stale: true, age: 100 })
    clock.advance(49)
    expect(await cache.global.lookup('k')).toMatchObject({ hit: true })
    clock.advance(1)
    expect(await cache.global.lookup('k')).toEqual({ hit: false })
  })

  it('with jitter lives less by up to its share, never more', () => {
    const { cache, clock } = createTestCache({ ttl: 1000, jitter: 0.25 })
    const random = vi.spyOn(Math, 'random')
    for (const [dice, life] of [[0, 1000], [0.5, 875], [1, 750]] as const) {
      random.mockReturnValue(dice)
      cache.global.sync.set('k', 1)
      clock.advance(life - 1)
      expect(cache.global.sync.has('k')).toBe(true)
      clock.advance(1)
      expect(cache.global.sync.has('k')).toBe(false)
    } // prettier-ignore
    random.mockRestore()
  })
})

describe('expired entries', () => {
  it('free their memory in the background, without being asked for', async () => {
    const { cache, clock } = createTestCache({ scopes: { organization: 'global', user: 'organization' } })
    const expired = vi.fn()
    cache.on('expire', expired)
    for (let user = 0; user < 100; user++) {
      cache.at('user', { organization: user % 10, user }).sync.set('k', user, { ttl: user < 60 ? '1s' : '1h' })
    }
    clock.advance('999ms')
    expect(cache.stats().entries).toBe(100)
    clock.advance('3s')
    expect(cache.stats()).toMatchObject({ entries: 40, expirations: 60, misses: 0 })
    expect(expired).toHaveBeenCalledTimes(60)
    clock.advance('1h')
    expect(cache.stats()).toMatchObject({ entries: 0, expirations: 100 })
    expectEmpty(cache)
  })

  it('leave no timer behind when the last is gone, and begin again with the next', () => {
    const { cache, clock } = createTestCache({ ttl: '1s' })
    expect(clock.pending).toBe(0)
    cache.global.sync.set('a', 1)
    expect(clock.pending).toBe(1)
    cache.global.sync.set('b', 1)
    expect(clock.pending).toBe(1)
    clock.advance('10s')
    expect(clock.pending).toBe(0)
    cache.global.sync.set('c', 1)
    clock.advance('10s')
    expect(cache.stats()).toMatchObject({ entries: 0, expirations: 3 })
    expect(clock.pending).toBe(0)
  })

  it('are kept as long as a stale value may be served', () => {
    const { cache, clock } = createTestCache({ ttl: '1s' })
    cache.global.sync.set('revalidate', 1, { staleWhileRevalidate: '1m' })
    cache.global.sync.set('error', 1, { staleIfError: '2m' })
    cache.global.sync.set('neither', 1)
    clock.advance('10s')
    expect(cache.stats().entries).toBe(2)
    clock.advance('1m')
    expect(cache.stats().entries).toBe(1)
    clock.advance('1m')
    expect(cache.stats().entries).toBe(0)
  })

  it('are removed and counted once where somebody asks for them first', () => {
    const { cache, clock } = createTestCache({ ttl: 10 })
    cache.global.sync.set('k', 1)
    clock.advance(10)
    expect(cache.global.sync.get('k')).toBeUndefined()
    expect(cache.global.sync.get('k')).toBeUndefined()
    clock.advance('10s')
    expect(cache.stats()).toMatchObject({ entries: 0, expirations: 1, misses: 2 })
  })

  it('that were swept while their scope is invalidated count once', async () => {
    const { cache, clock } = createTestCache({ scopes: { organization: 'global' }, ttl: 10 })
    const acme = cache.at('organization', { organization: 'acme' })
    for (let key = 0; key < 10; key++) acme.sync.set(key, key)
    clock.advance(10)
    expect(await acme.invalidate()).toMatchObject({ entries: 10 })
    clock.advance('10s')
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, expirations: 0 })
    expectEmpty(cache)
  })
})
