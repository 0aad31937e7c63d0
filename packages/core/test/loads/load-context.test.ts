import { describe, expect, it } from 'vitest'
import type { LoadContext } from '@cacheado/core'
import { testCache } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

describe('the context of a load', () => {
  it('decides by ttl() how long the value is fresh, over the policy', async () => {
    const { cache, clock } = testCache({ ttl: 100 })
    await cache.global.getOrSet('shorter', (context) => context.ttl('10ms'), { ttl: '1h' })
    await cache.global.getOrSet('longer', (context) => context.ttl(200))
    await cache.global.getOrSet('last', (context) => (context.ttl('1h'), context.ttl('max')))
    clock.advance(10)
    expect(await cache.global.has('shorter')).toBe(false)
    clock.advance(189)
    expect(await cache.global.has('longer')).toBe(true)
    clock.advance(1)
    expect(await cache.global.has('longer')).toBe(false)
    clock.advance(29 * 24 * 3_600_000)
    expect(await cache.global.has('last')).toBe(true)
  })

  it('leaves the windows of the policy open behind a ttl of its own', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 50 })
    await cache.global.getOrSet('k', (context) => (context.ttl(10), 'old'))
    clock.advance(59)
    expect(await cache.global.getOrSet('k', () => Promise.reject(new Error('no')))).toBe('old')
  })

  it.each([0, -1, NaN, Infinity, '5 minutes', 'soon', null])(
    'refuses %s for a ttl where the loader says it',
    async (ttl) => {
      const { cache } = testCache()
      const loading = cache.global.getOrSet('k', (context) => context.ttl(ttl as never))
      await expect(loading).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG', option: 'ttl' })
      expect(await cache.global.has('k')).toBe(false)
    },
  )

  it('adds tags to those of the policy, in as many calls as one likes', async () => {
    const { cache } = testCache()
    const load = (context: LoadContext<number>) => {
      context.tags('a', ['b', 'c'])
      context.tags('d')
      return 1
    }
    for (const tag of ['policy', 'a', 'b', 'c', 'd']) {
      await cache.global.getOrSet('k', load, { tags: ['policy'] })
      await cache.global.invalidateTags(['unrelated'])
      expect(await cache.global.has('k')).toBe(true)
      await cache.global.invalidateTags([tag])
      expect(await cache.global.has('k'), tag).toBe(false)
    }
  })

  it('takes 16 different tags together with those of the policy, and no more', async () => {
    const { cache } = testCache()
    const tags = Array.from({ length: 15 }, (_, index) => `t${index}`)
    await cache.global.getOrSet('k', (context) => context.tags(tags, tags, 'policy'), { tags: ['policy'] })
    expect(await cache.global.has('k')).toBe(true)
    const tooMany = cache.global.getOrSet('l', (context) => context.tags(tags, 'one'), { tags: ['policy'] })
    await expect(tooMany).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG', option: 'tags' })
  })

  it('hands the value on without keeping it after skip()', async () => {
    const { cache } = testCache()
    expect(await cache.global.getOrSet('k', (context) => (context.skip(), 1))).toBe(1)
    expect(await cache.global.has('k')).toBe(false)
    expect(await cache.global.getOrSet('k', () => 2)).toBe(2)
    expect(await cache.global.has('k')).toBe(true)
  })

  it('shows the value that a load replaces, with its age', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000 })
    const seen: unknown[] = []
    const load = ({ previous }: LoadContext<number>): number => {
      seen.push(previous)
      return (previous?.value ?? 0) + 1
    }
    await cache.global.getOrSet('k', load)
    clock.advance(50)
    await cache.global.getOrSet('k', load, { refresh: true })
    clock.advance(150)
    await cache.global.getOrSet('k', load)
    await cache.settled()
    expect(seen).toEqual([undefined, { value: 1, age: 50 }, { value: 2, age: 150 }])
    expect(await cache.global.get('k')).toBe(3)
  })

  it('shows no value that is gone: expired for good, deleted or invalidated', async () => {
    const { cache, clock } = testCache({ ttl: 100 })
    const seen: unknown[] = []
    const load = ({ previous }: LoadContext<number>) => seen.push(previous)
    await cache.global.set('expired', 1)
    clock.advance(100)
    await cache.global.set('tagged', 1, { tags: ['t'] })
    await cache.global.set('deleted', 1)
    await cache.global.delete('deleted')
    await cache.global.invalidateTags(['t'])
    for (const key of ['expired', 'tagged', 'deleted']) await cache.global.getOrSet(key, load, { refresh: true })
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  it('has a signal that aborts when the cache closes, with the reason', async () => {
    const { cache } = testCache()
    const hand = handLoader<number>()
    const loading = cache.global.getOrSet('k', hand.load)
    const { signal } = hand.run(0).context
    expect(signal.aborted).toBe(false)
    expect(signal).toBe(hand.run(0).context.signal)
    await cache.close()
    expect(signal.reason).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    hand.run(0).resolve(1)
    expect(await loading).toBe(1)
  })

  it('has a signal that does not abort when a waiter leaves', async () => {
    const { cache, pass } = testCache()
    const hand = handLoader<number>()
    void cache.global.getOrSet('k', hand.load)
    void cache.global.getOrSet('k', hand.load)
    await pass(5000)
    expect(hand.run(0).context.signal.aborted).toBe(false)
  })

  it('comes without effect after the load has ended', async () => {
    const { cache } = testCache()
    let kept: LoadContext<number> | undefined
    await cache.global.getOrSet<number>('k', (context) => {
      kept = context
      return 1
    })
    kept?.skip()
    kept?.tags('t')
    await cache.global.invalidateTags(['t'])
    expect(await cache.global.get('k')).toBe(1)
  })
})
