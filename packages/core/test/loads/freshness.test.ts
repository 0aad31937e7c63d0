import { describe, expect, it, vi } from 'vitest'
import type { CacheOptions } from '@cacheado/core'
import { testCache } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

/** A cache whose loader counts its runs, and with one value of it kept. */
async function warm(options: CacheOptions) {
  const made = testCache({ ttl: 100, ...options })
  let loads = 0
  const load = async () => ++loads
  expect(await made.cache.global.getOrSet('k', load)).toBe(1)
  return { ...made, scope: made.cache.global, load, loads: () => loads }
}

const fail = () => Promise.reject(new Error('database down'))

describe('ttl', () => {
  it('serves a value until its last millisecond and loads it anew after that', async () => {
    const { scope, clock, load } = await warm({})
    clock.advance(99)
    expect(await scope.getOrSet('k', load)).toBe(1)
    clock.advance(1)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('is that of the call before that of the namespace before that of the cache', async () => {
    const { cache, clock } = testCache({ ttl: 100 })
    const group = cache.namespace('group', { ttl: 50 })
    await group.global.getOrSet('namespace', () => 1)
    await group.global.getOrSet('call', () => 1, { ttl: 10 })
    await cache.global.getOrSet('cache', () => 1)
    const alive = async () => [
      await group.global.has('call'),
      await group.global.has('namespace'),
      await cache.global.has('cache'),
    ]
    clock.advance(10)
    expect(await alive()).toEqual([false, true, true])
    clock.advance(40)
    expect(await alive()).toEqual([false, false, true])
    clock.advance(50)
    expect(await alive()).toEqual([false, false, false])
  })

  it('counts from the end of the load, not from its beginning', async () => {
    const { cache, clock } = testCache({ ttl: 100 })
    const hand = handLoader<number>()
    const loading = cache.global.getOrSet('k', hand.load)
    clock.advance(1000)
    hand.run(0).resolve(1)
    await loading
    clock.advance(99)
    expect(await cache.global.has('k')).toBe(true)
    clock.advance(1)
    expect(await cache.global.has('k')).toBe(false)
  })

  it("is at most 30 days, which 'max' means", async () => {
    const day = 24 * 60 * 60 * 1000
    const { cache, clock } = testCache({ ttl: 'max' })
    await cache.global.set('k', 1)
    await cache.global.set('longer', 1, { ttl: '400d' })
    clock.advance(30 * day - 1)
    expect(await cache.global.has('k')).toBe(true)
    clock.advance(1)
    expect(await cache.global.has('k')).toBe(false)
    expect(await cache.global.has('longer')).toBe(false)
  })

  it('is at least a millisecond', async () => {
    const { cache, clock } = testCache({ ttl: 0.001 })
    await cache.global.set('k', 1)
    expect(await cache.global.has('k')).toBe(true)
    clock.advance(1)
    expect(await cache.global.has('k')).toBe(false)
  })

  it('is not touched by a wall clock that jumps', async () => {
    const { scope, clock, load } = await warm({})
    clock.setWall(0)
    clock.advance(99)
    expect(await scope.getOrSet('k', load)).toBe(1)
    clock.setWall(Date.UTC(2099, 0, 1))
    expect(await scope.getOrSet('k', load)).toBe(1)
    clock.advance(1)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })
})

describe('negative results', () => {
  it.each([null, undefined, false, 0, '', NaN])('%s is kept like any other value', async (value) => {
    const { cache } = testCache()
    const load = vi.fn(() => value)
    for (let time = 0; time < 3; time++) expect(await cache.global.getOrSet('k', load)).toBe(value)
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.global.lookup('k')).toMatchObject({ hit: true, value })
  })
})

describe('staleWhileRevalidate', () => {
  it('serves the old value at once while one caller reloads it', async () => {
    const { cache, scope, clock } = await warm({ staleWhileRevalidate: 100 })
    clock.advance(100)
    const hand = handLoader<number>()
    const values = await Promise.all([1, 2, 3].map(() => scope.getOrSet('k', hand.load)))
    expect(values).toEqual([1, 1, 1])
    expect(hand.runs).toHaveLength(1)
    hand.run(0).resolve(2)
    await cache.settled()
    expect(await scope.getOrSet('k', hand.load)).toBe(2)
    expect(cache.stats()).toMatchObject({ stale: 3, misses: 1, hits: 1, loads: 2 })
  })

  it('is off unless somebody asks for it', async () => {
    const { scope, clock, load } = await warm({})
    clock.advance(100)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('ends with its window', async () => {
    const { scope, clock, load } = await warm({ staleWhileRevalidate: 50 })
    clock.advance(150)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('never serves what was invalidated, deleted or tagged with an invalidated tag', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000 })
    const keep = (key: string) => cache.global.set(key, 'old', { tags: [key] })
    for (const key of ['deleted', 'tagged']) await keep(key)
    clock.advance(100)
    await cache.global.delete('deleted')
    await cache.global.invalidateTags(['tagged'])
    expect(await cache.global.getOrSet('deleted', () => 'new')).toBe('new')
    expect(await cache.global.getOrSet('tagged', () => 'new')).toBe('new')
    await keep('scope')
    clock.advance(100)
    await cache.clear()
    expect(await cache.global.getOrSet('scope', () => 'new')).toBe('new')
  })

  it('goes on serving the old value where reloading fails, with a pause between the attempts', async () => {
    const { cache, scope, clock } = await warm({ staleWhileRevalidate: 1000 })
    const errors: unknown[] = []
    cache.on('error', ({ error }) => errors.push(error))
    const load = vi.fn(fail)
    clock.advance(100)
    for (let time = 0; time < 5; time++) {
      expect(await scope.getOrSet('k', load)).toBe(1)
      await cache.settled()
    }
    expect(load).toHaveBeenCalledTimes(1)
    clock.advance(100)
    expect(await scope.getOrSet('k', load)).toBe(1)
    await cache.settled()
    expect(load).toHaveBeenCalledTimes(2)
    expect(errors).toHaveLength(2)
  })

  it('keeps no old value alive by failing: its windows end when they would have', async () => {
    const { cache, scope, clock } = await warm({ staleWhileRevalidate: 150 })
    clock.advance(100)
    await scope.getOrSet('k', fail)
    await cache.settled()
    clock.advance(150)
    await expect(scope.getOrSet('k', fail)).rejects.toThrow('database down')
  })

  it('does not store a reload during which the scope was invalidated', async () => {
    const { cache, scope, clock } = await warm({ staleWhileRevalidate: 100 })
    clock.advance(100)
    const hand = handLoader<number>()
    await scope.getOrSet('k', hand.load)
    await cache.clear()
    hand.run(0).resolve(2)
    await cache.settled()
    expect(await scope.has('k')).toBe(false)
  })
})

describe('staleIfError', () => {
  it('serves the old value where the load fails, until the window ends', async () => {
    const { cache, scope, clock } = await warm({ staleIfError: 200 })
    clock.advance(299)
    expect(await scope.getOrSet('k', fail)).toBe(1)
    expect(cache.stats()).toMatchObject({ stale: 1, loadErrors: 1 })
    clock.advance(1)
    await expect(scope.getOrSet('k', fail)).rejects.toThrow('database down')
  })

  it('serves it to every waiter of the failed load', async () => {
    const { scope, clock } = await warm({ staleIfError: 200 })
    clock.advance(100)
    const hand = handLoader<number>()
    const values = Promise.all([1, 2, 3].map(() => scope.getOrSet('k', hand.load)))
    hand.run(0).reject(new Error('database down'))
    expect(await values).toEqual([1, 1, 1])
    expect(hand.runs).toHaveLength(1)
  })

  it('pauses after a failure: callers get the old value without another attempt', async () => {
    const { scope, clock, load, loads } = await warm({ staleIfError: 1000 })
    clock.advance(100)
    expect(await scope.getOrSet('k', fail)).toBe(1)
    clock.advance(99)
    expect(await scope.getOrSet('k', load)).toBe(1)
    expect(loads()).toBe(1)
    clock.advance(1)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('pauses no longer than the window is open', async () => {
    const { scope, clock, load } = await warm({ staleIfError: 120 })
    clock.advance(219)
    expect(await scope.getOrSet('k', fail)).toBe(1)
    clock.advance(1)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('never serves what was invalidated or deleted while the load ran', async () => {
    for (const remove of ['delete', 'invalidate'] as const) {
      const { scope, clock } = await warm({ staleIfError: 1000 })
      clock.advance(100)
      const hand = handLoader<number>()
      const loading = scope.getOrSet('k', hand.load)
      await (remove === 'delete' ? scope.delete('k') : scope.invalidate())
      hand.run(0).reject(new Error('database down'))
      await expect(loading).rejects.toThrow('database down')
    }
  })

  it('lets the error of an explicit refresh through and keeps the value that is there', async () => {
    const { scope } = await warm({ staleIfError: 1000 })
    await expect(scope.getOrSet('k', fail, { refresh: true })).rejects.toThrow('database down')
    expect(await scope.get('k')).toBe(1)
  })

  it('is not granted by a window for revalidation alone', async () => {
    const { scope, clock } = await warm({ staleWhileRevalidate: 1000, softTimeout: '1m' })
    clock.advance(100)
    await expect(scope.getOrSet('k', fail)).rejects.toThrow('database down')
    await expect(scope.getOrSet('k', fail)).rejects.toThrow('database down')
  })
})

describe('softTimeout', () => {
  it('waits so long for the reload, then serves the old value and goes on loading', async () => {
    const { cache, scope, clock, pass } = await warm({ staleWhileRevalidate: 1000, softTimeout: 50 })
    clock.advance(100)
    const hand = handLoader<number>()
    const value = watch(scope.getOrSet('k', hand.load))
    await pass(49)
    expect(value.state).toBe('pending')
    await pass(1)
    expect(value).toMatchObject({ state: 'fulfilled', value: 1 })
    hand.run(0).resolve(2)
    await cache.settled()
    expect(await scope.get('k')).toBe(2)
  })

  it('gives the new value where the reload is quick', async () => {
    const { scope, clock, load } = await warm({ staleIfError: 1000, softTimeout: 50 })
    clock.advance(100)
    expect(await scope.getOrSet('k', load)).toBe(2)
  })

  it('holds for those who wait for the load of another, too', async () => {
    const { scope, clock, pass } = await warm({ staleWhileRevalidate: 1000, softTimeout: 50 })
    clock.advance(100)
    const hand = handLoader<number>()
    const leader = watch(scope.getOrSet('k', hand.load))
    await pass(30)
    const follower = watch(scope.getOrSet('k', hand.load))
    await pass(20)
    expect([leader.state, follower.state]).toEqual(['fulfilled', 'pending'])
    await pass(30)
    expect(follower).toMatchObject({ state: 'fulfilled', value: 1 })
    expect(hand.runs).toHaveLength(1)
  })

  it('serves nothing that was invalidated while it ran: such a caller waits on', async () => {
    const { cache, scope, clock, pass } = await warm({ staleWhileRevalidate: 1000, softTimeout: 50 })
    clock.advance(100)
    const hand = handLoader<number>()
    const value = watch(scope.getOrSet('k', hand.load))
    await settle()
    await cache.clear()
    await pass(50)
    expect(value.state).toBe('pending')
    hand.run(0).resolve(2)
    await settle()
    expect(value).toMatchObject({ state: 'fulfilled', value: 2 })
    expect(await scope.has('k')).toBe(false)
  })

  it('reports a reload that fails after its callers have left, and hurts nobody', async () => {
    const { cache, scope, clock, pass } = await warm({ staleWhileRevalidate: 1000, softTimeout: 0 })
    const errors: unknown[] = []
    cache.on('error', ({ error }) => errors.push(error))
    clock.advance(100)
    const hand = handLoader<number>()
    const value = scope.getOrSet('k', hand.load)
    await pass(0)
    expect(await value).toBe(1)
    const failure = new Error('database down')
    hand.run(0).reject(failure)
    await cache.settled()
    expect(errors).toEqual([failure])
  })

  it('does nothing where there is no stale value to serve', async () => {
    const { cache, pass } = testCache({ softTimeout: 10 })
    const hand = handLoader<number>()
    const value = watch(cache.global.getOrSet('k', hand.load))
    await pass(1000)
    expect(value.state).toBe('pending')
    hand.run(0).resolve(1)
    await settle()
    expect(value).toMatchObject({ state: 'fulfilled', value: 1 })
  })

  it('leaves no timer behind where the load was quicker', async () => {
    const { scope, clock, load, pass } = await warm({ staleIfError: 1000, softTimeout: '1h', loadTimeout: '1h' })
    clock.advance(100)
    await scope.getOrSet('k', load)
    await pass(10_000)
    expect(clock.pending).toBe(0)
  })
})

describe('loadTimeout', () => {
  it('gives every waiter ERR_CACHE_TIMEOUT, the same error, and aborts the signal with it', async () => {
    const { cache, pass } = testCache({ loadTimeout: 1000 })
    const hand = handLoader<number>()
    const leader = watch(cache.global.getOrSet('k', hand.load))
    const follower = watch(cache.global.getOrSet('k', hand.load))
    const { signal } = hand.run(0).context
    await pass(999)
    expect([leader.state, signal.aborted]).toEqual(['pending', false])
    await pass(1)
    expect(leader).toMatchObject({ state: 'rejected', error: { code: 'ERR_CACHE_TIMEOUT' } })
    expect(follower.error).toBe(leader.error)
    expect(signal.reason).toBe(leader.error)
    expect(cache.stats()).toMatchObject({ inFlight: 0, loadErrors: 1 })
  })

  it('tells a loader that asks for its signal only then', async () => {
    const { cache, pass } = testCache({ loadTimeout: 10 })
    const hand = handLoader<number>()
    const loading = watch(cache.global.getOrSet('k', hand.load))
    await pass(10)
    expect(hand.run(0).context.signal.reason).toBe(loading.error)
  })

  it('keeps nothing of what comes too late, whether a value or an error', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const { cache, pass } = testCache({ loadTimeout: 10 })
      const hand = handLoader<unknown>()
      const loading = watch(cache.global.getOrSet('k', hand.load))
      await pass(10)
      hand.run(0)[end](new Error('late'))
      await settle()
      expect(loading).toMatchObject({ state: 'rejected', error: { code: 'ERR_CACHE_TIMEOUT' } })
      expect(await cache.global.has('k')).toBe(false)
    }
  })

  it('is no timeout where the load ends in time, and none for a loader that answers at once', async () => {
    const { cache, pass } = testCache({ loadTimeout: 10 })
    expect(await cache.global.getOrSet('sync', () => 1)).toBe(1)
    const hand = handLoader<number>()
    const loading = cache.global.getOrSet('k', hand.load)
    await pass(9)
    hand.run(0).resolve(2)
    expect(await loading).toBe(2)
    await pass(100)
    expect(hand.run(0).context.signal.aborted).toBe(false)
  })

  it('lets staleIfError answer instead', async () => {
    const { scope, clock, pass } = await warm({ staleIfError: 1000, loadTimeout: 10 })
    clock.advance(100)
    const value = scope.getOrSet('k', handLoader<number>().load)
    await pass(10)
    expect(await value).toBe(1)
  })

  it('ends a reload in the background too', async () => {
    const { cache, scope, clock, pass } = await warm({ staleWhileRevalidate: 1000, loadTimeout: 10 })
    const errors: unknown[] = []
    cache.on('error', ({ error }) => errors.push(error))
    clock.advance(100)
    await scope.getOrSet('k', handLoader<number>().load)
    await pass(10)
    await cache.settled()
    expect(errors).toMatchObject([{ code: 'ERR_CACHE_TIMEOUT' }])
  })
})

describe('refreshAhead', () => {
  it('reloads in the background on a hit near the end of the ttl, once, and serves the value that is there', async () => {
    const { cache, scope, clock } = await warm({ refreshAhead: 20 })
    const hand = handLoader<number>()
    clock.advance(79)
    await scope.getOrSet('k', hand.load)
    expect(hand.runs).toHaveLength(0)
    clock.advance(1)
    expect(await Promise.all([scope.getOrSet('k', hand.load), scope.getOrSet('k', hand.load)])).toEqual([1, 1])
    expect(hand.runs).toHaveLength(1)
    hand.run(0).resolve(2)
    await cache.settled()
    expect(await scope.getOrSet('k', hand.load)).toBe(2)
    expect(cache.stats()).toMatchObject({ misses: 1, stale: 0, hits: 4 })
  })

  it('leaves the fresh value alone where reloading fails, and pauses before the next attempt', async () => {
    const { cache, scope, clock, load } = await warm({ refreshAhead: 90, ttl: 200 })
    const failing = vi.fn(fail)
    clock.advance(110)
    for (let time = 0; time < 3; time++) {
      expect(await scope.getOrSet('k', failing)).toBe(1)
      await cache.settled()
    }
    expect(failing).toHaveBeenCalledTimes(1)
    clock.advance(89)
    expect(await scope.getOrSet('k', load)).toBe(1)
  })

  it('reloads on each hit where it is as long as the ttl, but one at a time', async () => {
    const { cache, scope, load, loads } = await warm({ refreshAhead: '1h' })
    expect(await Promise.all([1, 2, 3].map(() => scope.getOrSet('k', load)))).toEqual([1, 1, 1])
    await cache.settled()
    expect(loads()).toBe(2)
  })

  it('counts a get near the end as a hit and reloads nothing: it has no loader', async () => {
    const { cache, scope, clock, loads } = await warm({ refreshAhead: 50 })
    clock.advance(60)
    expect(await scope.get('k')).toBe(1)
    expect(scope.sync.get('k')).toBe(1)
    expect(scope.sync.getOrSet('k', () => 9)).toBe(1)
    expect(loads()).toBe(1)
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 1 })
  })
})

describe('jitter', () => {
  it.each([
    [0.5, 0, 100],
    [0.5, 0.5, 75],
    [0.5, 0.999999, 51],
    [1, 0.999999, 1],
    [0, 0.999999, 100],
  ])('of %d shortens a life by at most that share (random %d: %d ms of 100)', async (jitter, random, life) => {
    const spy = vi.spyOn(Math, 'random').mockReturnValue(random)
    try {
      const { cache, clock } = testCache({ ttl: 100, jitter })
      await cache.global.set('k', 1)
      clock.advance(life - 1)
      expect(await cache.global.has('k')).toBe(true)
      clock.advance(1)
      expect(await cache.global.has('k')).toBe(false)
    } finally {
      spy.mockRestore()
    }
  })
})

describe('refresh: true', () => {
  it('loads even what is fresh and keeps the result', async () => {
    const { scope, load, loads } = await warm({})
    expect(await scope.getOrSet('k', load, { refresh: true })).toBe(2)
    expect(await scope.getOrSet('k', load)).toBe(2)
    expect(await scope.getOrSet('k', load, { refresh: false })).toBe(2)
    expect(loads()).toBe(2)
  })

  it('does not join a load that began before it, and that load does not overwrite its result', async () => {
    const { cache } = testCache()
    const before = handLoader<string>()
    const early = cache.global.getOrSet('k', before.load)
    expect(await cache.global.getOrSet('k', () => 'refreshed', { refresh: true })).toBe('refreshed')
    before.run(0).resolve('older')
    expect(await early).toBe('older')
    expect(await cache.global.get('k')).toBe('refreshed')
  })

  it('is joined by those who come while it runs and find nothing fresh', async () => {
    const { cache } = testCache()
    const hand = handLoader<number>()
    const refreshing = cache.global.getOrSet('k', hand.load, { refresh: true })
    const joined = cache.global.getOrSet('k', hand.load)
    hand.run(0).resolve(1)
    expect(await Promise.all([refreshing, joined])).toEqual([1, 1])
    expect(hand.runs).toHaveLength(1)
  })
})

describe('cacheIf', () => {
  it('decides which values are kept', async () => {
    const { cache } = testCache()
    const cacheIf = (value: number | null) => value !== null
    expect(await cache.global.getOrSet<number | null>('k', () => null, { cacheIf })).toBeNull()
    expect(await cache.global.has('k')).toBe(false)
    expect(await cache.global.getOrSet<number | null>('k', () => 1, { cacheIf })).toBe(1)
    expect(await cache.global.has('k')).toBe(true)
  })

  it('keeps nothing where it throws; the caller has its value all the same, and the failure is told', async () => {
    const { cache } = testCache()
    const failure = new Error('a bug')
    const errors: unknown[] = []
    cache.on('error', (event) => errors.push(event))
    const cacheIf = () => {
      throw failure
    }
    expect(await cache.global.getOrSet('k', () => 1, { cacheIf })).toBe(1)
    expect(cache.global.sync.getOrSet('k', () => 2, { cacheIf })).toBe(2)
    expect(errors).toEqual([
      { namespace: '', level: 'global', error: failure },
      { namespace: '', level: 'global', error: failure },
    ])
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0, loads: 2, loadErrors: 0, bypasses: 2 })
  })
})
