import { describe, expect, it, vi } from 'vitest'
import type { BypassReason } from '@cacheado/core'
import { alice, testCache } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

describe('a closed cache', () => {
  it('misses, keeps nothing and runs loaders', async () => {
    const { cache } = testCache()
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const scope = cache.at('user', alice)
    await scope.set('k', 1)
    await cache.close()
    expect(await scope.get('k')).toBeUndefined()
    expect(await scope.has('k')).toBe(false)
    expect(await scope.lookup('k')).toEqual({ hit: false })
    expect(scope.sync.get('k')).toBeUndefined()
    await scope.set('k', 2)
    await scope.setMany([['k', 2]])
    scope.sync.set('k', 2)
    expect(await scope.getOrSet('k', () => 3)).toBe(3)
    expect(await scope.getOrSet('k', () => 4, { refresh: true })).toBe(4)
    expect(scope.sync.getOrSet('k', () => 5)).toBe(5)
    expect(await scope.getOrSetMany(['k'], () => [6])).toEqual([6])
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
    expect(reasons.filter((reason) => reason === 'closed')).toHaveLength(3)
  })

  it('throws where something was to be removed: nobody could tell whether it was', async () => {
    const { cache } = testCache()
    await cache.close()
    const closed = { code: 'ERR_CACHE_CLOSED' }
    await expect(cache.clear()).rejects.toMatchObject(closed)
    await expect(cache.global.invalidate()).rejects.toMatchObject(closed)
    await expect(cache.global.invalidateTags(['t'])).rejects.toMatchObject(closed)
    await expect(cache.global.delete('k')).rejects.toMatchObject(closed)
    await expect(cache.namespace('group').invalidate()).rejects.toMatchObject(closed)
    await expect(cache.ready()).rejects.toMatchObject(closed)
    await expect(cache.deferInvalidations(() => cache.clear())).rejects.toMatchObject(closed)
  })

  it('says so', async () => {
    const { cache } = testCache()
    await cache.ready()
    expect(cache.health()).toMatchObject({
      status: 'ok',
      memory: { entries: 0, maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 },
    })
    await cache.close()
    expect(cache.health().status).toBe('closed')
  })

  it('can be closed again', async () => {
    const { cache } = testCache()
    await Promise.all([cache.close(), cache.close()])
    await cache.close()
  })

  it('aborts the loads that are under way; what they still bring goes to their callers and is not kept', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const obeys = (context: { signal: AbortSignal }) =>
      new Promise<string>((_resolve, reject) =>
        context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)),
      )
    const aborted = [watch(cache.global.getOrSet('a', obeys)), watch(cache.global.getOrSet('a', obeys))]
    const deaf = cache.global.getOrSet('b', hand.load)
    const follower = watch(cache.global.getOrSet('b', hand.load))
    await cache.close()
    await settle()
    for (const { error } of aborted) expect(error).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    hand.run(0).resolve('late')
    expect(await deaf).toBe('late')
    await settle()
    hand.run(-1).resolve('its own')
    await settle()
    expect(follower.value).toBe('its own')
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  it('serves no stale value where a load fails because of it', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 1000 })
    await cache.global.set('k', 'old')
    clock.advance(100)
    const hand = handLoader<string>()
    const loading = cache.global.getOrSet('k', hand.load)
    await cache.close()
    hand.run(0).reject(new Error('aborted'))
    await expect(loading).rejects.toThrow('aborted')
  })

  it('leaves no timer behind, and no entry to its policy', async () => {
    const held = new Set<unknown>()
    const queue = {
      add: (entry: unknown) => void held.add(entry),
      touch: () => {},
      remove: (entry: unknown) => void held.delete(entry),
      victim: () => undefined,
    }
    const { cache, clock } = testCache({ memory: { policy: { name: 'spy', createQueue: () => queue } } })
    for (let index = 0; index < 3000; index++)
      await cache.at('user', { organization: index % 7, user: index }).set('k', index)
    await cache.at('organization', { organization: 3 }).invalidate()
    await cache.close()
    while (clock.pending > 0) clock.advance(1)
    expect(held.size).toBe(0)
    expect(clock.now()).toBeLessThan(2000)
  })

  it('is closed by `await using`', async () => {
    const { cache } = testCache()
    await cache[Symbol.asyncDispose]()
    expect(cache.health().status).toBe('closed')
  })
})

describe('work in the background', () => {
  it('is waited for by settled(), with what is added meanwhile', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 10_000 })
    for (const key of ['a', 'b']) await cache.global.set(key, 'old')
    clock.advance(100)
    const hand = handLoader<string>()
    await cache.settled()
    await cache.global.getOrSet('a', hand.load)
    const settled = watch(cache.settled())
    await settle()
    expect(settled.state).toBe('pending')
    await cache.global.getOrSet('b', hand.load)
    hand.run(0).resolve('new')
    await settle()
    expect(settled.state).toBe('pending')
    hand.run(1).reject(new Error('no'))
    await settle()
    expect(settled.state).toBe('fulfilled')
  })

  it('tells of a failure by event, and by log without saying which key it was', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000, logger })
    const errors: unknown[] = []
    cache.on('error', (event) => errors.push(event))
    await cache.global.set('secret-key', 'old')
    clock.advance(100)
    const failure = new Error('no')
    await cache.global.getOrSet('secret-key', () => Promise.reject(failure))
    await cache.settled()
    expect(errors).toEqual([{ namespace: '', level: '', error: failure }])
    expect(JSON.stringify(Object.values(logger).map(({ mock }) => mock.calls))).not.toContain('secret')
  })

  it('and loads that others may wait for are handed to the platform, so that it stays until they have ended', async () => {
    const handed: Promise<unknown>[] = []
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000, waitUntil: (work) => handed.push(work) })
    const hand = handLoader<string>()
    const first = cache.global.getOrSet('k', hand.load)
    expect(handed).toHaveLength(1)
    hand.run(0).resolve('old')
    await first
    clock.advance(100)
    await cache.global.getOrSet('k', hand.load)
    expect(handed.length).toBeGreaterThan(1)
    const waiting = handed.map((work) => watch(work))
    await settle()
    expect(waiting.at(-1)?.state).toBe('pending')
    hand.run(1).reject(new Error('no'))
    await settle()
    expect(waiting.map(({ state }) => state)).toEqual(waiting.map(() => 'fulfilled'))
  })

  it('goes on where the platform refuses to wait', async () => {
    const waitUntil = () => {
      throw new Error('the request is over')
    }
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000, waitUntil })
    const errors: unknown[] = []
    cache.on('error', ({ error }) => errors.push(error))
    expect(await cache.global.getOrSet('k', () => 1)).toBe(1)
    clock.advance(100)
    expect(await cache.global.getOrSet('k', () => 2)).toBe(1)
    await cache.settled()
    expect(await cache.global.get('k')).toBe(2)
    expect(errors.length).toBeGreaterThan(0)
  })
})
