import { describe, expect, it } from 'vitest'
import type { BypassReason, Key } from '@cacheado/core'
import { acme, alice, bob, testCache, zoe } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const TOO_LONG = 'x'.repeat(20_000)

describe('a scope', () => {
  it('gives back what was set, and nothing under another key', async () => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    await scope.set('settings', { theme: 'dark' })
    expect(await scope.get('settings')).toEqual({ theme: 'dark' })
    expect(await scope.get('other')).toBeUndefined()
  })

  it('names its level', () => {
    const { cache } = testCache()
    expect(cache.at('user', alice).level).toBe('user')
    expect(cache.global.level).toBe('global')
  })

  it('is the same scope through every handle, with surplus ids or numbers for ids', async () => {
    const { cache } = testCache()
    await cache.at('tenant', { tenant: 7 }).set('k', 1)
    expect(await cache.at('tenant', { tenant: '7', user: 'whoever' }).get('k')).toBe(1)
    expect(await cache.at('tenant', { tenant: 7n }).get('k')).toBe(1)
  })

  it('is out of reach of its siblings, of the scopes above and of the scopes below', async () => {
    const { cache } = testCache()
    await cache.at('user', alice).set('k', 'alice')
    expect(await cache.at('user', bob).get('k')).toBeUndefined()
    expect(await cache.at('user', { ...zoe, user: 'alice' }).get('k')).toBeUndefined()
    expect(await cache.at('organization', acme).get('k')).toBeUndefined()
    expect(await cache.at('session', { ...alice, session: 's' }).get('k')).toBeUndefined()
    expect(await cache.global.get('k')).toBeUndefined()
  })

  it('keeps levels apart that have equal ids', async () => {
    const { cache } = testCache()
    await cache.at('organization', { organization: '1' }).set('k', 'organization')
    await cache.at('tenant', { tenant: '1' }).set('k', 'tenant')
    expect(await cache.at('organization', { organization: '1' }).get('k')).toBe('organization')
    expect(await cache.at('tenant', { tenant: '1' }).get('k')).toBe('tenant')
  })

  it('treats a string and the tuple of that string as one key, but not a number and its text', async () => {
    const { cache } = testCache()
    await cache.global.set('k', 1)
    expect(await cache.global.get(['k'])).toBe(1)
    await cache.global.set(7, 'number')
    expect(await cache.global.get('7')).toBeUndefined()
    expect(await cache.global.get([7])).toBe('number')
  })

  it('no longer serves a value whose ttl is over, to the millisecond', async () => {
    const { cache, clock } = testCache()
    await cache.global.set('k', 1, { ttl: '250ms' })
    clock.advance(249)
    expect(await cache.global.get('k')).toBe(1)
    expect(await cache.global.has('k')).toBe(true)
    clock.advance(1)
    expect(await cache.global.has('k')).toBe(false)
    expect(await cache.global.get('k')).toBeUndefined()
  })

  it('begins a new life with each set', async () => {
    const { cache, clock } = testCache({ ttl: 100 })
    await cache.global.set('k', 1)
    clock.advance(99)
    await cache.global.set('k', 2)
    clock.advance(99)
    expect(await cache.global.get('k')).toBe(2)
  })

  it('deletes one key and says whether it was there', async () => {
    const { cache } = testCache()
    await cache.global.setMany([
      ['a', 1],
      ['b', 2],
    ])
    expect(await cache.global.delete('a')).toBe(true)
    expect(await cache.global.delete('a')).toBe(false)
    expect(await cache.global.getMany(['a', 'b'])).toEqual([undefined, 2])
  })

  it('does not count an expired value as one that a delete found', async () => {
    const { cache, clock } = testCache({ ttl: 10 })
    await cache.global.set('k', 1)
    clock.advance(10)
    expect(await cache.global.delete('k')).toBe(false)
  })

  it('reads, writes and deletes many keys in their order', async () => {
    const { cache } = testCache()
    await cache.global.setMany(new Map([['a', 1] as const, ['b', 2] as const]), { ttl: '5m' })
    expect(await cache.global.getMany(['b', 'nothing', 'a'])).toEqual([2, undefined, 1])
    expect(await cache.global.deleteMany(['a', 'nothing', 'b'])).toBe(2)
  })

  it('tells a cached undefined from nothing by lookup', async () => {
    const { cache } = testCache()
    await cache.global.set('k', undefined)
    expect(await cache.global.lookup('k')).toEqual({ hit: true, value: undefined, stale: false, age: 0 })
    expect(await cache.global.lookup('other')).toEqual({ hit: false })
    expect(await cache.global.has('k')).toBe(true)
  })

  it('tells by lookup how old a value is and whether it is stale', async () => {
    const { cache, clock } = testCache()
    await cache.global.set('k', 1, { ttl: 100, staleWhileRevalidate: 50, staleIfError: 80 })
    clock.advance(99)
    expect(await cache.global.lookup('k')).toEqual({ hit: true, value: 1, stale: false, age: 99 })
    clock.advance(1)
    expect(await cache.global.lookup('k')).toEqual({ hit: true, value: 1, stale: true, age: 100 })
    expect(await cache.global.get('k')).toBeUndefined()
    clock.advance(79)
    expect(await cache.global.lookup('k')).toMatchObject({ hit: true, stale: true, age: 179 })
    clock.advance(1)
    expect(await cache.global.lookup('k')).toEqual({ hit: false })
  })

  it('counts reads that found something and reads that did not, but not has and lookup', async () => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    await scope.set('k', 1)
    await scope.get('k')
    await scope.get('nothing')
    await scope.has('k')
    await scope.lookup('nothing')
    expect(scope.stats()).toMatchObject({ hits: 1, misses: 1, sets: 1, entries: 1, hitRate: 0.5 })
  })

  it('keeps nothing under a key that is too long, says so, and runs the loader', async () => {
    const { cache } = testCache()
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    await cache.global.set(TOO_LONG, 1)
    expect(await cache.global.get(TOO_LONG)).toBeUndefined()
    expect(await cache.global.has(TOO_LONG)).toBe(false)
    expect(await cache.global.lookup([TOO_LONG])).toEqual({ hit: false })
    expect(await cache.global.delete(TOO_LONG)).toBe(false)
    expect(await cache.global.getOrSet(TOO_LONG, () => 2)).toBe(2)
    expect(await cache.global.getOrSet(TOO_LONG, () => 3)).toBe(3)
    expect(cache.stats().entries).toBe(0)
    expect(reasons).toEqual(['key-too-long', 'key-too-long', 'key-too-long'])
  })

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('k')],
    ['null', null],
    ['a tuple with a function', [() => 1]],
    ['a class instance without an encoder', [new (class Money {})()]],
    ['a text with half of a surrogate pair', '\ud800'],
  ])('refuses %s as a key in every operation, without an id or value in the message', async (_name, key) => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    const bad = key as Key
    const refused = { code: 'ERR_CACHE_KEY' }
    await expect(scope.get(bad)).rejects.toMatchObject(refused)
    await expect(scope.has(bad)).rejects.toMatchObject(refused)
    await expect(scope.lookup(bad)).rejects.toMatchObject(refused)
    await expect(scope.set(bad, 1)).rejects.toMatchObject(refused)
    await expect(scope.delete(bad)).rejects.toMatchObject(refused)
    await expect(scope.getMany(['a', bad])).rejects.toMatchObject(refused)
    await expect(scope.getOrSet(bad, () => 1)).rejects.toMatchObject(refused)
    expect(() => scope.sync.get(bad)).toThrow(expect.objectContaining(refused))
    expect(() => scope.sync.set(bad, 1)).toThrow(expect.objectContaining(refused))
    expect(() => scope.sync.getOrSet(bad, () => 1)).toThrow(expect.objectContaining(refused))
    expect(() => scope.sync.delete(bad)).toThrow(expect.objectContaining(refused))
  })

  it('refuses a bad option of a call where it is used', async () => {
    const { cache } = testCache()
    await expect(cache.global.set('k', 1, { ttl: 0 })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      option: 'ttl',
    })
    await expect(cache.global.getOrSet('k', () => 1, { jitter: 2 })).rejects.toMatchObject({ option: 'jitter' })
    await expect(cache.global.invalidateTags([''])).rejects.toMatchObject({ option: 'tags' })
  })

  it('refuses scopes that cannot be placed', () => {
    const { cache } = testCache()
    const refused = expect.objectContaining({ code: 'ERR_CACHE_SCOPE' })
    expect(() => cache.at('team', { team: '1' })).toThrow(refused)
    expect(() => cache.at('user', { user: 'alice' })).toThrow(refused)
    expect(() => cache.at('user', { organization: 'acme', user: '' })).toThrow(refused)
    expect(() => cache.at('user', { organization: 'acme', user: null } as never)).toThrow(refused)
    expect(() => cache.at('user', undefined as never)).toThrow(refused)
    expect(() => cache.current('team')).toThrow(refused)
  })
})

describe('the synchronous side of a scope', () => {
  it('reads and writes the same memory', async () => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    scope.sync.set('k', 1)
    expect(await scope.get('k')).toBe(1)
    await scope.set('l', 2)
    expect(scope.sync.get('l')).toBe(2)
    expect(scope.sync.has('l')).toBe(true)
    expect(scope.sync.delete('l')).toBe(true)
    expect(scope.sync.delete('l')).toBe(false)
    expect(scope.sync.get('l')).toBeUndefined()
    expect(cache.global.sync.has('k')).toBe(false)
  })

  it('is one object for one handle', () => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    expect(scope.sync).toBe(scope.sync)
  })

  it('loads what is missing at once and keeps it', () => {
    const { cache, clock } = testCache({ ttl: 100 })
    let loads = 0
    const load = () => ++loads
    expect(cache.global.sync.getOrSet('k', load)).toBe(1)
    expect(cache.global.sync.getOrSet('k', load)).toBe(1)
    expect(cache.global.sync.getOrSet('k', load, { refresh: true })).toBe(2)
    clock.advance(100)
    expect(cache.global.sync.getOrSet('k', load)).toBe(3)
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, loads: 3, loadErrors: 0 })
  })

  it('keeps null and undefined', () => {
    const { cache } = testCache()
    let loads = 0
    for (const value of [null, undefined]) {
      const load = () => (loads++, value)
      expect(cache.global.sync.getOrSet(String(value), load)).toBe(value)
      expect(cache.global.sync.getOrSet(String(value), load)).toBe(value)
    }
    expect(loads).toBe(2)
  })

  it('passes on what the loader throws, counts it once and keeps nothing', () => {
    const { cache } = testCache()
    const failure = new Error('no')
    const fail = () => {
      throw failure
    }
    expect(() => cache.global.sync.getOrSet('k', fail)).toThrow(failure)
    expect(cache.global.sync.has('k')).toBe(false)
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1, inFlight: 0, entries: 0 })
  })

  it('serves a stale value where the loader fails within staleIfError, and only there', () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 100 })
    const fail = () => {
      throw new Error('no')
    }
    cache.global.sync.set('k', 'old')
    clock.advance(199)
    expect(cache.global.sync.getOrSet('k', fail)).toBe('old')
    clock.advance(1)
    expect(() => cache.global.sync.getOrSet('k', fail)).toThrow('no')
    expect(cache.stats().stale).toBe(1)
  })

  it('does not serve a stale value that was deleted or invalidated by the failing loader itself', () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 100 })
    cache.global.sync.set('k', 'old')
    clock.advance(150)
    const load = () => {
      cache.global.sync.delete('k')
      throw new Error('gone')
    }
    expect(() => cache.global.sync.getOrSet('k', load)).toThrow('gone')
  })

  it('gives the loader the value it replaces', () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 100 })
    cache.global.sync.set('k', 'old')
    clock.advance(150)
    cache.global.sync.getOrSet('k', ({ previous }) => {
      expect(previous).toEqual({ value: 'old', age: 150 })
      return 'new'
    })
    expect(cache.global.sync.get('k')).toBe('new')
  })

  it('lets the loader decide life, tags and whether anything is kept', async () => {
    const { cache, clock } = testCache()
    cache.global.sync.getOrSet('short', (context) => (context.ttl(10), 1))
    cache.global.sync.getOrSet('tagged', (context) => (context.tags('t'), 1))
    cache.global.sync.getOrSet('skipped', (context) => (context.skip(), 1))
    clock.advance(10)
    expect(['short', 'tagged', 'skipped'].map((key) => cache.global.sync.has(key))).toEqual([false, true, false])
    await cache.global.invalidateTags(['t'])
    expect(cache.global.sync.has('tagged')).toBe(false)
  })

  it('refuses a promise for a value, whichever way it comes', () => {
    const { cache } = testCache()
    const refused = expect.objectContaining({ code: 'ERR_CACHE_VALUE' })
    const load = () => Promise.resolve(1) as never
    expect(() => cache.global.sync.getOrSet('k', load)).toThrow(refused)
    expect(() => cache.global.sync.getOrSet(TOO_LONG, load)).toThrow(refused)
    expect(() => cache.current('user').sync.getOrSet('k', load)).toThrow(refused)
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  it('keeps nothing under a key that is too long', () => {
    const { cache } = testCache()
    const { sync } = cache.global
    sync.set(TOO_LONG, 1)
    expect(sync.get(TOO_LONG)).toBeUndefined()
    expect(sync.has(TOO_LONG)).toBe(false)
    expect(sync.delete(TOO_LONG)).toBe(false)
    expect(sync.getOrSet(TOO_LONG, () => 2)).toBe(2)
    expect(cache.stats().entries).toBe(0)
  })

  it('loads in a context that holds only the ids down to its level, whatever the key', async () => {
    const { cache } = testCache()
    const load = () => cache.identity()
    await cache.run({ ...alice, session: 's' }, () => {
      expect(cache.current('organization').sync.getOrSet('k', load)).toEqual(acme)
      expect(cache.current('organization').sync.getOrSet(TOO_LONG, load)).toEqual(acme)
      expect(cache.global.sync.getOrSet('k', load)).toEqual({})
    })
  })
})
