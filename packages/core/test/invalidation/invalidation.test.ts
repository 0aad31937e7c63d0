import { describe, expect, it } from 'vitest'
import type { Scope, ScopedCache } from '@cacheado/core'
import { acme, alice, bob, testCache, zoe } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

/** A value in each scope of a small world, under the name of the scope; all of them tagged. */
const WORLD: Record<string, (cache: ScopedCache) => Scope> = {
  global: (cache) => cache.global,
  acme: (cache) => cache.at('organization', acme),
  alice: (cache) => cache.at('user', alice),
  'a session': (cache) => cache.at('session', { ...alice, session: 's1' }),
  bob: (cache) => cache.at('user', bob),
  globex: (cache) => cache.at('organization', { organization: 'globex' }),
  zoe: (cache) => cache.at('user', zoe),
  tenant: (cache) => cache.at('tenant', { tenant: 'acme' }),
}

async function world(): Promise<{ cache: ScopedCache; left: () => Promise<string[]> }> {
  const { cache } = testCache()
  for (const [name, scope] of Object.entries(WORLD))
    await scope(cache).set('k', name, { tags: ['t', name.replace(' ', '-')] })
  const left = async () => {
    const found = await Promise.all(Object.values(WORLD).map((scope) => scope(cache).get<string>('k')))
    return found.filter((name) => name !== undefined)
  }
  expect(await left()).toEqual(Object.keys(WORLD))
  return { cache, left }
}

const REACH: [string, string[]][] = [
  ['global', []],
  ['acme', ['global', 'globex', 'zoe', 'tenant']],
  ['alice', ['global', 'acme', 'bob', 'globex', 'zoe', 'tenant']],
  ['a session', ['global', 'acme', 'alice', 'bob', 'globex', 'zoe', 'tenant']],
  ['tenant', ['global', 'acme', 'alice', 'a session', 'bob', 'globex', 'zoe']],
]

describe('invalidating a scope', () => {
  it.each(REACH)(
    '%s: reaches it and all below it, nothing else, and says how many entries left',
    async (name, rest) => {
      const { cache, left } = await world()
      const gone = Object.keys(WORLD).length - rest.length
      expect(await WORLD[name]?.(cache).invalidate()).toEqual({ applied: true, entries: gone })
      expect(await left()).toEqual(rest)
      expect(cache.stats()).toMatchObject({ entries: rest.length, invalidations: 1 })
    },
  )

  it('reaches every namespace', async () => {
    const { cache } = testCache()
    const group = cache.namespace('group')
    await group.at('user', alice).set('k', 1)
    expect(await cache.at('organization', acme).invalidate()).toMatchObject({ entries: 1 })
    expect(await group.at('user', alice).has('k')).toBe(false)
  })

  it('is seen by handles that were made before', async () => {
    const { cache } = testCache()
    const handle = cache.at('user', alice)
    await handle.set('k', 1)
    await handle.get('k')
    await cache.at('user', alice).invalidate()
    expect(handle.sync.get('k')).toBeUndefined()
    await handle.set('k', 2)
    expect(await cache.at('user', alice).get('k')).toBe(2)
  })

  it('of which nothing is kept is no error', async () => {
    const { cache } = testCache()
    expect(await cache.at('user', alice).invalidate()).toEqual({ applied: true, entries: 0 })
    expect(await cache.at('user', alice).invalidateTags(['t'])).toEqual({ applied: true, entries: 0 })
  })

  it('costs the same number of steps whatever hangs there, and frees memory later, in slices', async () => {
    const { cache, clock } = testCache({ memory: { maxEntries: 100_000, maxBytes: Infinity } })
    const scope = cache.at('organization', acme)
    for (let index = 0; index < 5000; index++) scope.sync.set(index, index)
    const bytes = cache.health().memory.bytes
    expect(await scope.invalidate()).toMatchObject({ entries: 5000 })
    expect(cache.health().memory).toMatchObject({ entries: 0, bytes: 0 })
    expect(bytes).toBeGreaterThan(0)
    expect(clock.pending).toBeGreaterThan(0)
    while (clock.pending > 0) clock.advance(2000)
    expect(cache.stats().entries).toBe(0)
  })

  it('leaves no empty scope above it in memory', async () => {
    const { cache, clock } = testCache()
    for (let organization = 0; organization < 100; organization++) {
      const ids = { organization, user: 'u' }
      await cache.at('user', ids).set('k', 1)
      await cache.at('user', ids).invalidate()
    }
    while (clock.pending > 0) clock.advance(2000)
    expect(await cache.topScopes('organization', 1000)).toEqual([])
    expect(cache.health().memory.bytes).toBe(0)
  })

  it('tells its listeners how many entries left', async () => {
    const { cache } = testCache()
    const events: unknown[] = []
    cache.on('invalidate', (event) => events.push(event))
    await cache.at('user', alice).set('k', 1)
    await cache.at('organization', acme).invalidate()
    await cache.namespace('group').at('user', alice).invalidateTags(['a', 'b'])
    expect(events).toEqual([
      { namespace: '', level: 'organization', entries: 1, tags: 0 },
      { namespace: 'group', level: 'user', entries: 0, tags: 2 },
    ])
  })
})

describe('clear', () => {
  it('is the invalidation of global', async () => {
    const { cache, left } = await world()
    expect(await cache.clear()).toEqual({ applied: true, entries: 8 })
    expect(await left()).toEqual([])
    expect(cache.stats()).toMatchObject({ entries: 0, sets: 8 })
  })
})

describe('invalidating tags', () => {
  it.each(REACH)('%s: reaches what carries them there and below, never in a sibling', async (name, rest) => {
    const { cache, left } = await world()
    expect(await WORLD[name]?.(cache).invalidateTags(['t'])).toEqual({ applied: true, entries: 0 })
    expect(await left()).toEqual(rest)
  })

  it('leaves what does not carry them', async () => {
    const { cache, left } = await world()
    await cache.global.invalidateTags(['alice', 'tenant'])
    expect(await left()).toEqual(['global', 'acme', 'a session', 'bob', 'globex', 'zoe'])
    await cache.global.set('untagged', 1)
    await cache.global.invalidateTags(['t'])
    expect(await cache.global.get('untagged')).toBe(1)
  })

  it('reaches whatever namespace the tag stands in, and says so from any', async () => {
    const { cache } = testCache()
    await cache
      .namespace('one')
      .at('user', alice)
      .set('k', 1, { tags: ['t'] })
    await cache.at('user', alice).set('k', 1, { tags: ['t'] })
    await cache.namespace('two').at('organization', acme).invalidateTags(['t'])
    expect(await cache.namespace('one').at('user', alice).has('k')).toBe(false)
    expect(await cache.at('user', alice).has('k')).toBe(false)
  })

  it('does not touch what is stored afterwards under the same tag', async () => {
    const { cache } = testCache()
    await cache.global.invalidateTags(['t'])
    await cache.global.set('k', 1, { tags: ['t'] })
    expect(await cache.global.get('k')).toBe(1)
    await cache.global.invalidateTags(['t'])
    expect(await cache.global.get('k')).toBeUndefined()
  })

  it('takes the tags of the cache, the namespace and the call, each in place of the wider one', async () => {
    const { cache } = testCache({ tags: ['cache'] })
    const group = cache.namespace('group', { tags: ['group'] })
    await cache.global.set('k', 1)
    await group.global.set('k', 1)
    await group.global.set('l', 1, { tags: ['call'] })
    const left = async () => [await cache.global.has('k'), await group.global.has('k'), await group.global.has('l')]
    await cache.global.invalidateTags(['cache'])
    expect(await left()).toEqual([false, true, true])
    await cache.global.invalidateTags(['group'])
    expect(await left()).toEqual([false, false, true])
    await cache.global.invalidateTags(['call'])
    expect(await left()).toEqual([false, false, false])
  })

  it('forgets old tags rather than grow without bound: what carried one of them may have to be loaded again', async () => {
    const { cache } = testCache()
    await cache.global.set('untagged', 1)
    await cache.global.set('tagged', 1, { tags: ['mine'] })
    for (let index = 0; index < 1000; index++) await cache.global.invalidateTags([`t${index}`])
    expect(await cache.global.has('untagged')).toBe(true)
    expect(await cache.global.has('tagged')).toBe(false)
    await cache.global.set('tagged', 2, { tags: ['t1', 'mine'] })
    expect(await cache.global.get('tagged')).toBe(2)
  })

  it.each([
    [['']],
    [['x'.repeat(257)]],
    [['é'.repeat(129)]],
    [['\ud800']],
    [Array.from({ length: 17 }, (_, index) => `t${index}`)],
    ['t'],
    [[7]],
  ])('refuses %j', async (tags) => {
    const { cache } = testCache()
    await expect(cache.global.invalidateTags(tags as never)).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      option: 'tags',
    })
    await expect(cache.global.set('k', 1, { tags: tags as never })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
  })
})

describe('invalidating within a namespace', () => {
  it('reaches what the namespace keeps in that scope and below, and nothing of others', async () => {
    const { cache } = testCache()
    const group = cache.namespace('group')
    const other = cache.namespace('other')
    const places = [
      group.at('organization', acme),
      group.at('user', alice),
      group.at('user', zoe),
      other.at('user', alice),
      cache.at('user', alice),
    ]
    for (const place of places) await place.set('k', 1)
    expect(await group.at('organization', acme).invalidate()).toEqual({ applied: true, entries: 0 })
    expect(await Promise.all(places.map((place) => place.has('k')))).toEqual([false, false, true, true, true])
    await group.invalidate()
    expect(await Promise.all(places.map((place) => place.has('k')))).toEqual([false, false, false, true, true])
  })

  it('kills the loads of the namespace that are under way, and only those', async () => {
    const { cache } = testCache()
    const release: ((value: number) => void)[] = []
    const load = () => new Promise<number>((resolve) => release.push(resolve))
    const group = cache.namespace('group')
    const loading = [group.global.getOrSet('k', load), cache.global.getOrSet('k', load)]
    await group.invalidate()
    release.forEach((resolve) => resolve(1))
    await Promise.all(loading)
    expect(await group.global.has('k')).toBe(false)
    expect(await cache.global.has('k')).toBe(true)
  })
})
