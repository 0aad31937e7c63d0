import { describe, expect, it } from 'vitest'
import { acme, alice, testCache } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const refused = { code: 'ERR_CACHE_SCOPE' }

describe('the current scope of a caller who cannot be placed', () => {
  it('misses, whatever is kept anywhere', async () => {
    const { cache } = testCache()
    await cache.global.set('k', 'global')
    await cache.at('user', alice).set('k', 'alice')
    const nobody = cache.current('user')
    expect(nobody.level).toBe('user')
    expect(await nobody.get('k')).toBeUndefined()
    expect(await nobody.has('k')).toBe(false)
    expect(await nobody.lookup('k')).toEqual({ hit: false })
    expect(await nobody.getMany(['k', 'l'])).toEqual([undefined, undefined])
    expect(nobody.sync.get('k')).toBeUndefined()
    expect(nobody.sync.has('k')).toBe(false)
  })

  it('keeps nothing', async () => {
    const { cache } = testCache()
    const nobody = cache.current('user')
    await nobody.set('k', 1)
    await nobody.setMany([['k', 1]])
    nobody.sync.set('k', 1)
    expect(cache.stats().entries).toBe(0)
  })

  it('runs every loader, joins none and keeps no result', async () => {
    const { cache } = testCache()
    let loads = 0
    const load = async () => ++loads
    const values = await Promise.all([
      cache.current('user').getOrSet('k', load),
      cache.current('user').getOrSet('k', load),
    ])
    expect(values).toEqual([1, 2])
    expect(cache.current('user').sync.getOrSet('k', () => 3)).toBe(3)
    expect(await cache.current('user').getOrSetMany(['a', 'b'], (missing) => missing.map((key) => `${key}!`))).toEqual([
      'a!',
      'b!',
    ])
    expect(cache.stats()).toMatchObject({ entries: 0, bypasses: 4, inFlight: 0 })
  })

  it('asks no batch loader for nothing', async () => {
    const { cache } = testCache()
    const values = await cache.current('user').getOrSetMany([], () => {
      throw new Error('asked')
    })
    expect(values).toEqual([])
  })

  it('passes on what a loader throws', async () => {
    const { cache } = testCache()
    const failure = new Error('no')
    await expect(cache.current('user').getOrSet('k', () => Promise.reject(failure))).rejects.toBe(failure)
    await expect(
      cache.current('user').getOrSet('k', () => {
        throw failure
      }),
    ).rejects.toBe(failure)
  })

  it('gives loaders a signal and the means to decide, without effect', async () => {
    const { cache } = testCache()
    const value = await cache.current('user').getOrSet('k', (context) => {
      context.ttl('1m')
      context.tags('t')
      context.skip()
      return [context.previous, context.signal.aborted]
    })
    expect(value).toEqual([undefined, false])
  })

  it('throws where something was to be removed: it could not be', async () => {
    const { cache } = testCache()
    const nobody = cache.current('user')
    await expect(nobody.delete('k')).rejects.toMatchObject(refused)
    await expect(nobody.deleteMany(['k'])).rejects.toMatchObject(refused)
    await expect(nobody.invalidate()).rejects.toMatchObject(refused)
    await expect(nobody.invalidateTags(['t'])).rejects.toMatchObject(refused)
    expect(() => nobody.sync.delete('k')).toThrow(expect.objectContaining(refused))
  })

  it('has empty statistics', () => {
    const { cache } = testCache()
    expect(cache.current('user').stats()).toMatchObject({ hits: 0, misses: 0, entries: 0 })
  })

  it('is one for every level of which an id is missing on the way, and none for the levels above', async () => {
    const { cache } = testCache()
    await cache.run(acme, async () => {
      await cache.current('organization').set('k', 1)
      await cache.current('user').set('k', 2)
      await cache.current('session').set('k', 3)
      await cache.current('tenant').set('k', 4)
    })
    await cache.run({ user: 'alice', session: 's' }, () => cache.current('session').set('k', 5))
    expect(cache.stats().entries).toBe(1)
    expect(await cache.at('organization', acme).get('k')).toBe(1)
  })

  it('tells its listeners why', async () => {
    const { cache } = testCache()
    const events: unknown[] = []
    cache.on('bypass', (event) => events.push(event))
    await cache
      .namespace('reports')
      .current('user')
      .getOrSet('k', () => 1)
    expect(events).toEqual([{ reason: 'scope-unresolved', namespace: 'reports', level: 'user' }])
  })

  it('is no bypass for global: everybody has that scope', async () => {
    const { cache } = testCache()
    await cache.current('global').set('k', 1)
    expect(await cache.global.get('k')).toBe(1)
  })
})
