import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Scope } from '@cacheado/core'
import { alice, testCache } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const config = (option?: string) => expect.objectContaining({ code: 'ERR_CACHE_CONFIG', ...(option && { option }) })

describe('a namespace', () => {
  it('keeps its values apart from those of others and of the cache, under equal keys', async () => {
    const { cache } = testCache()
    const scopes = [cache.namespace('a'), cache.namespace('b'), cache].map((group) => group.at('user', alice))
    for (const [index, scope] of scopes.entries()) await scope.set('k', index)
    expect(await Promise.all(scopes.map((scope) => scope.get('k')))).toEqual([0, 1, 2])
    await scopes[0]?.delete('k')
    expect(await Promise.all(scopes.map((scope) => scope.get('k')))).toEqual([undefined, 1, 2])
  })

  it('cannot be forged by separators in names and keys', async () => {
    const { cache } = testCache()
    await cache.namespace('a').global.set('b:c', 1)
    await cache.namespace('a').global.set('b/c', 1)
    await cache.namespace('a:b').global.set('d', 1)
    expect(await cache.namespace('a:b').global.get('c')).toBeUndefined()
    expect(await cache.namespace('a').global.get('b:d')).toBeUndefined()
    expect(await cache.namespace('a/b').global.get('c')).toBeUndefined()
  })

  it('is one namespace wherever it is named with equal options', async () => {
    const { cache } = testCache()
    await cache.namespace('group', { ttl: '5m', tags: ['a', 'b'] }).global.set('k', 1)
    expect(await cache.namespace('group', { ttl: '5m', tags: ['a', 'b'] }).global.get('k')).toBe(1)
    expect(cache.stats().namespaces).toBe(1)
  })

  it('refuses its name with other options', () => {
    const { cache } = testCache()
    cache.namespace('group', { ttl: '5m', tags: ['a'] })
    for (const options of [
      {},
      { ttl: '6m' },
      { ttl: '5m', tags: ['b'] },
      { ttl: '5m', tags: ['a'], jitter: 0.1 },
    ] as const) {
      expect(() => cache.namespace('group', options)).toThrow(config())
    }
  })

  it.each(['', ' a', 'a\nb', 'x'.repeat(129), 7, null, undefined, {}])('refuses %j for a name', (name) => {
    const { cache } = testCache()
    expect(() => cache.namespace(name as never)).toThrow(config())
  })

  it('refuses a bad option with its path, and can be made rightly afterwards', async () => {
    const { cache } = testCache()
    expect(() => cache.namespace('group', { maxEntries: 1, ttl: 0 })).toThrow(config('namespace(group).ttl'))
    expect(() => cache.namespace('group', { maxEntries: -1 })).toThrow(config('namespace(group).maxEntries'))
    expect(() => cache.namespace('group', { schema: {} as never })).toThrow(config('namespace(group).schema'))
    expect(() => cache.namespace('group', { maxEntires: 1 } as never)).toThrow(config())
    const group = cache.namespace('group', { maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await group.global.set(key, key)
    expect(group.stats().entries).toBe(2)
  })

  it('keeps no more than its own bounds, in all scopes together, at the cost of nobody else', async () => {
    const { cache } = testCache()
    const group = cache.namespace('group', { maxEntries: 3 })
    await cache.global.set('mine', 1)
    for (let user = 0; user < 10; user++) await group.at('user', { organization: 'o', user }).set('k', user)
    expect(group.stats()).toMatchObject({ entries: 3, sets: 10, evictions: 7 })
    expect(await cache.global.has('mine')).toBe(true)
    const small = cache.namespace('small', { maxBytes: '2kb' })
    for (let key = 0; key < 10; key++) await small.global.set(key, 'x'.repeat(200))
    expect(small.stats().bytes).toBeLessThanOrEqual(2048)
    expect(small.stats().entries).toBeGreaterThan(0)
  })

  it('has statistics of its own, for all scopes and for each', async () => {
    const { cache } = testCache()
    const group = cache.namespace('group')
    await group.at('user', alice).set('k', 1)
    await group.at('user', alice).get('k')
    await cache.at('user', alice).set('k', 1)
    expect(group.stats()).toMatchObject({ entries: 1, hits: 1, sets: 1, misses: 0 })
    expect(group.at('user', alice).stats()).toMatchObject({ entries: 1, hits: 1 })
    expect(group.at('organization', { organization: 'globex' }).stats()).toMatchObject({ entries: 0 })
    expect(cache.at('user', alice).stats()).toMatchObject({ entries: 2 })
  })

  it('finds the scope of the context', async () => {
    const { cache } = testCache()
    const group = cache.namespace('group')
    await cache.run(alice, () => group.current('user').set('k', 1))
    expect(await group.at('user', alice).get('k')).toBe(1)
    await group.current('user').set('k', 2)
    expect(group.stats().entries).toBe(1)
  })

  it('types what it keeps', async () => {
    const { cache } = testCache()
    const numbers = cache.namespace<number>('numbers')
    expect(numbers.name).toBe('numbers')
    expectTypeOf(numbers.global).toEqualTypeOf<Scope<number>>()
    expectTypeOf(await numbers.at('user', alice).get('k')).toEqualTypeOf<number | undefined>()
    // @ts-expect-error -- a text is no number
    await numbers.global.set('k', 'text')
    await numbers.global.set('k', 1)
  })
})
