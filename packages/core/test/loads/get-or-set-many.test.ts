import { describe, expect, it, vi } from 'vitest'
import type { Key } from '@cacheado/core'
import { alice, bob, testCache } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const shout = (missing: readonly string[]) => missing.map((key) => key.toUpperCase())

describe('getOrSetMany', () => {
  it('calls the loader once, with the missing keys in their order, and gives all values in the order of the keys', async () => {
    const { cache } = testCache()
    await cache.global.set('b', 'kept')
    const load = vi.fn(shout)
    expect(await cache.global.getOrSetMany(['c', 'b', 'a'], load)).toEqual(['C', 'kept', 'A'])
    expect(load.mock.calls).toEqual([[['c', 'a']]])
    expect(await cache.global.getOrSetMany(['a', 'b', 'c'], load)).toEqual(['A', 'kept', 'C'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('asks for nothing where nothing is missing', async () => {
    const { cache } = testCache()
    const load = vi.fn(shout)
    await cache.global.set('a', 1)
    expect(await cache.global.getOrSetMany(['a'], load)).toEqual([1])
    expect(await cache.global.getOrSetMany([], load)).toEqual([])
    expect(load).not.toHaveBeenCalled()
  })

  it('asks once for a key that is named twice', async () => {
    const { cache } = testCache()
    const load = vi.fn(shout)
    expect(await cache.global.getOrSetMany(['a', 'a', 'b'], load)).toEqual(['A', 'A', 'B'])
    expect(load.mock.calls).toEqual([[['a', 'b']]])
  })

  it('waits for loads that are under way instead of asking again', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const single = cache.global.getOrSet('a', hand.load)
    const load = vi.fn(shout)
    const many = cache.global.getOrSetMany(['a', 'b'], load)
    const both = cache.global.getOrSetMany(['b', 'a'], load)
    await settle()
    hand.run(0).resolve('single')
    expect(await many).toEqual(['single', 'B'])
    expect(await both).toEqual(['B', 'single'])
    expect(await single).toBe('single')
    expect(load.mock.calls).toEqual([[['b']]])
  })

  it('is waited for by single loads of its keys', async () => {
    const { cache } = testCache()
    let release = (_values: readonly string[]) => {}
    const many = cache.global.getOrSetMany(
      ['a', 'b'],
      () => new Promise<readonly string[]>((resolve) => (release = resolve)),
    )
    const load = vi.fn(() => 'never')
    const single = cache.global.getOrSet('b', load)
    await settle()
    release(['1', '2'])
    expect(await many).toEqual(['1', '2'])
    expect(await single).toBe('2')
    expect(load).not.toHaveBeenCalled()
  })

  it('rejects with what the loader throws, whether at once or later, and keeps nothing', async () => {
    const { cache } = testCache()
    const failure = new Error('no')
    await expect(cache.global.getOrSetMany(['a', 'b'], () => Promise.reject(failure))).rejects.toBe(failure)
    await expect(
      cache.global.getOrSetMany(['a', 'b'], () => {
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  it.each([
    ['too few values', ['1']],
    ['too many', ['1', '2', '3']],
    ['no list', 'ab' as never],
    ['nothing', undefined as never],
  ])('refuses %s with ERR_CACHE_VALUE: nobody could tell whose they are', async (_name, values) => {
    const { cache } = testCache()
    await expect(cache.global.getOrSetMany(['a', 'b'], () => values)).rejects.toMatchObject({ code: 'ERR_CACHE_VALUE' })
    expect(cache.stats().entries).toBe(0)
  })

  it('keeps null and undefined among the values', async () => {
    const { cache } = testCache()
    const load = vi.fn(() => [null, undefined])
    for (let time = 0; time < 2; time++)
      expect(await cache.global.getOrSetMany(['a', 'b'], load)).toEqual([null, undefined])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('takes a policy for what it loads', async () => {
    const { cache, clock } = testCache()
    await cache.global.getOrSetMany(['a', 'b'], shout, { ttl: 10, tags: ['t'], cacheIf: (value) => value !== 'B' })
    expect(await cache.global.getMany(['a', 'b'])).toEqual(['A', undefined])
    await cache.global.invalidateTags(['t'])
    expect(await cache.global.has('a')).toBe(false)
    await cache.global.getOrSetMany(['a'], shout, { ttl: 10 })
    clock.advance(10)
    expect(await cache.global.has('a')).toBe(false)
  })

  it('serves stale values at once and reloads all of them in one call', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 100 })
    await cache.global.setMany([
      ['a', 'old'],
      ['b', 'old'],
    ])
    clock.advance(100)
    const load = vi.fn(shout)
    expect(await cache.global.getOrSetMany(['a', 'b', 'c'], load)).toEqual(['old', 'old', 'C'])
    await cache.settled()
    expect(load.mock.calls).toEqual([[['a', 'b', 'c']]])
    expect(await cache.global.getMany(['a', 'b'])).toEqual(['A', 'B'])
  })

  it('keeps nothing of what was invalidated while it ran, key by key', async () => {
    const { cache } = testCache()
    let release = (_values: readonly string[]) => {}
    const many = cache.global.getOrSetMany(
      ['a', 'b'],
      () => new Promise<readonly string[]>((resolve) => (release = resolve)),
    )
    await settle()
    await cache.global.delete('a')
    release(['1', '2'])
    expect(await many).toEqual(['1', '2'])
    expect(await cache.global.getMany(['a', 'b'])).toEqual([undefined, '2'])
  })

  it('loads in a context that holds only the ids down to its level, though a key be too long to be cached', async () => {
    const { cache } = testCache()
    const tooLong = 'x'.repeat(20_000)
    const keys: Key[][] = [[tooLong, 'k1'], ['k2', tooLong], ['k3']]
    for (const some of keys) {
      await cache.run(alice, async () => {
        const seen = await cache
          .current('organization')
          .getOrSetMany(some, (missing) => missing.map(() => cache.identity()))
        for (const identity of seen) expect(identity).toEqual({ organization: 'acme' })
      })
    }
    await cache.run(bob, async () => {
      expect(await cache.current('organization').get('k1')).toEqual({ organization: 'acme' })
    })
  })

  it('refuses a bad key, and nothing that it had begun goes unnoticed', async () => {
    const { cache } = testCache()
    const failing = () => Promise.reject(new Error('no'))
    await expect(cache.global.getOrSetMany(['a', Symbol('k') as never, 'b'], failing)).rejects.toMatchObject({
      code: 'ERR_CACHE_KEY',
    })
    await settle()
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })
})
