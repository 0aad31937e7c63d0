import { spawnSync } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { createCache, defineScopes, type ScopeStats } from '@cacheado/core'
import { createTestCache } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'
import { bundledCore } from './support/bundled-core.js'

const scopes = defineScopes(
  { organization: 'global', user: 'organization', session: 'user' },
  { personal: ['user'], secret: ['session'] },
)
const of = (organization: string, user = 'u', session = 's') => ({ organization, user, session })
const NOTHING: ScopeStats = {
  hits: 0, misses: 0, stale: 0, hitRate: 0, loads: 0, loadErrors: 0, loadTime: 0, sets: 0, deletes: 0, evictions: 0,
  expirations: 0, invalidations: 0, bypasses: 0, entries: 0, bytes: 0, inFlight: 0,
} // prettier-ignore

describe("a cache's statistics", () => {
  it('count what happened, and nothing before it', async () => {
    const { cache, clock } = createTestCache({ scopes })
    expect(cache.stats()).toEqual({ ...NOTHING, namespaces: 0 })
    const user = cache.at('user', of('a'))
    await user.get('k') // a miss
    await user.set('k', 1, { ttl: 10 })
    await user.get('k') // a hit
    await user.get('k') // a hit
    await user.delete('k')
    await user.getOrSet('l', () => clock.advance(5), { ttl: 10, staleWhileRevalidate: 10 }) // a miss, a load of 5 ms
    clock.advance(15)
    await user.getOrSet('l', () => Promise.reject(new Error('down'))) // stale, and a load that fails
    await cache.settled()
    await user.invalidateTags(['t'])
    await user.set('x'.repeat(9000), 1) // a bypass
    clock.advance(10) // it expires, and is swept
    clock.advance('5s')
    const { entries, bytes, ...counts } = cache.stats()
    expect(counts).toEqual({
      hits: 2, misses: 2, stale: 1, hitRate: 0.6, loads: 2, loadErrors: 1, loadTime: 5, sets: 2, deletes: 1, evictions: 0,
      expirations: 1, invalidations: 1, bypasses: 1, inFlight: 0, namespaces: 0,
    }) // prettier-ignore
    expect({ entries, bytes }).toEqual({ entries: 0, bytes: 0 })
  })

  it('count evictions, and loads under way', async () => {
    const { cache } = createTestCache({ memory: { maxEntries: 2 } })
    for (const key of ['a', 'b', 'c', 'd']) cache.global.sync.set(key, 1)
    expect(cache.stats()).toMatchObject({ evictions: 2, entries: 2 })
    let end = (_: number) => {}
    const loading = cache.global.getOrSet('e', () => new Promise<number>((resolve) => (end = resolve)))
    const follower = cache.global.getOrSet('e', () => 2)
    expect(cache.stats().inFlight).toBe(1)
    expect(cache.global.stats().inFlight).toBe(1)
    end(1)
    expect(await Promise.all([loading, follower])).toEqual([1, 1])
    expect(cache.stats()).toMatchObject({ inFlight: 0, loads: 1, misses: 2 })
  })
})

describe("a scope's statistics", () => {
  it('are its own and of all below it', async () => {
    const { cache } = createTestCache({ scopes })
    for (const [at, ids] of [['organization', of('a')], ['user', of('a')], ['session', of('a')], ['user', of('a', 'v')], ['user', of('b')]] as const) {
      cache.at(at, ids).sync.set('k', 1)
      cache.at(at, ids).sync.get('k')
      cache.at(at, ids).sync.get('nothing')
    } // prettier-ignore
    const counts = ({ hits, misses, sets, entries }: ScopeStats) => [hits, misses, sets, entries]
    expect(counts(cache.at('session', of('a')).stats())).toEqual([1, 1, 1, 1])
    expect(counts(cache.at('user', of('a')).stats())).toEqual([2, 2, 2, 2])
    expect(counts(cache.at('organization', of('a')).stats())).toEqual([4, 4, 4, 4])
    expect(counts(cache.at('organization', of('b')).stats())).toEqual([1, 1, 1, 1])
    expect(counts(cache.global.stats())).toEqual([5, 5, 5, 5])
    expect(counts(cache.stats())).toEqual([5, 5, 5, 5])
    expect(cache.at('organization', of('nobody')).stats()).toEqual(NOTHING)
  })

  it('show a first load that is under way', async () => {
    const { cache } = createTestCache({ scopes })
    const user = cache.at('user', of('a'))
    let end = (_: number) => {}
    const loading = user.getOrSet('k', () => new Promise<number>((resolve) => (end = resolve)))
    expect(user.stats()).toEqual({ ...NOTHING, bytes: expect.any(Number), inFlight: 1 })
    end(1)
    await loading
    expect(user.stats()).toMatchObject({ inFlight: 0, loads: 1, sets: 1, entries: 1 })
  })

  it('go on in the scope above when it leaves memory: nothing that was counted is lost', async () => {
    const { cache, clock } = createTestCache({ scopes, memory: { maxEntries: 20 } })
    const totals = ({ hits, misses, sets, evictions, expirations, deletes, loads }: ScopeStats) => [
      hits,
      misses,
      sets,
      evictions,
      expirations,
      deletes,
      loads,
    ]
    for (let round = 0; round < 300; round++) {
      const scope = cache.at('session', of(`o${round % 7}`, `u${round % 11}`, `s${round % 13}`))
      scope.sync.set('k', 1, { ttl: 50 + round })
      scope.sync.get('k')
      await scope.getOrSet('l', () => 1, { ttl: 30 })
      if (round % 5 === 0) await scope.delete('k')
      if (round % 31 === 0) await cache.at('user', of(`o${round % 7}`, `u${round % 11}`)).invalidate()
      if (round % 67 === 0) await cache.clear()
      clock.advance(round % 3)
      expect(totals(cache.global.stats()), `round ${round}`).toEqual(totals(cache.stats()))
    }
    clock.advance('1d')
    const { evictions, expirations } = cache.stats()
    expect(evictions).toBeGreaterThan(10)
    expect(expirations).toBeGreaterThan(10)
    expect(totals(cache.global.stats())).toEqual(totals(cache.stats()))
    expect(cache.global.stats()).toMatchObject({ entries: 0, bytes: 0 })
  })

  it('go on in the nearest scope above that stays', async () => {
    const { cache, clock } = createTestCache({ scopes })
    for (const user of ['u', 'v', 'w']) {
      cache.at('session', of('a', user)).sync.set('k', 1)
      cache.at('session', of('a', user)).sync.get('k')
    }
    const organization = cache.at('organization', of('a'))
    await cache.at('user', of('a', 'u')).invalidate()
    clock.advance(1)
    expect(organization.stats()).toMatchObject({ hits: 3, sets: 3, entries: 2 })
    cache.at('session', of('a', 'v')).sync.delete('k')
    expect(organization.stats()).toMatchObject({ hits: 3, sets: 3, entries: 1 })
    expect(cache.at('user', of('a', 'v')).stats()).toEqual(NOTHING)
    await organization.invalidate()
    clock.advance(1)
    expect(organization.stats()).toEqual(NOTHING)
    expect(cache.global.stats()).toMatchObject({ hits: 3, sets: 3, entries: 0 })
  })

  it('go on above even for scopes that writes prune while an invalidation is reclaimed', async () => {
    const { cache, clock } = createTestCache({ scopes, memory: { maxEntries: Infinity } })
    const small = cache.namespace('small', { maxEntries: 3000 })
    for (let user = 0; user < 3000; user++) {
      small.at('user', of('a', `u${user}`)).sync.set('k', 1)
      small.at('user', of('a', `u${user}`)).sync.get('k')
    }
    await cache.at('organization', of('a')).invalidate()
    // The dead are still in the namespace's queue: these writes take them out, before the background does.
    for (let user = 0; user < 5; user++) small.at('user', of('b', `u${user}`)).sync.set('k', 1)
    clock.advance(1)
    expect(cache.global.stats()).toMatchObject({ hits: 3000, sets: 3005, entries: 5 })
    expect(cache.stats()).toMatchObject({ hits: 3000, sets: 3005, entries: 5 })
  })

  it('cost no memory for scopes that only missed', async () => {
    const { cache } = createTestCache({ scopes })
    for (let user = 0; user < 1000; user++) cache.at('user', of('a', `u${user}`)).sync.get('k')
    expect(cache.stats()).toMatchObject({ misses: 1000, bytes: 0 })
    expect(await cache.topScopes('user')).toEqual([])
  })
})

describe("a namespace's statistics", () => {
  it('are its own, in all scopes or in one', () => {
    const { cache } = createTestCache({ scopes })
    const [settings, invoices] = [cache.namespace('settings'), cache.namespace('invoices')]
    settings.at('user', of('a')).sync.set('k', 1)
    settings.at('user', of('b')).sync.set('k', 'a longer value')
    settings.at('user', of('a')).sync.get('k')
    invoices.at('user', of('a')).sync.get('k')
    cache.at('user', of('a')).sync.set('k', 1)
    expect(settings.stats()).toMatchObject({ hits: 1, misses: 0, sets: 2, entries: 2 })
    expect(invoices.stats()).toMatchObject({ hits: 0, misses: 1, sets: 0, entries: 0, bytes: 0 })
    expect(settings.at('user', of('a')).stats()).toMatchObject({ hits: 1, misses: 0, sets: 1, entries: 1, hitRate: 1 })
    expect(settings.at('organization', of('b')).stats()).toMatchObject({ hits: 0, sets: 1, entries: 1 })
    const bytes = (organization: string) => settings.at('organization', of(organization)).stats().bytes
    expect(settings.stats().bytes).toBe(bytes('a') + bytes('b'))
    expect(bytes('b')).toBeGreaterThan(bytes('a'))
    expect(cache.stats()).toMatchObject({ namespaces: 2, entries: 3, sets: 3 })
  })
})

describe('the top scopes of a level', () => {
  it('are those with most, in order', async () => {
    const { cache } = createTestCache({ scopes })
    for (const [organization, entries] of [['a', 2], ['b', 5], ['c', 1], ['d', 4]] as const) {
      for (let key = 0; key < entries; key++) cache.at('user', of(organization, `u${key % 2}`)).sync.set(`k${key}`, 1)
    } // prettier-ignore
    for (let times = 0; times < 9; times++) cache.at('user', of('c', 'u0')).sync.get('k0')
    const names = async (...args: [count?: number, by?: 'hits' | 'entries' | 'bytes']) =>
      (await cache.topScopes('organization', ...args)).map(({ ids }) => ids['organization'])
    expect(await names()).toEqual(['b', 'd', 'a', 'c'])
    expect(await names(2)).toEqual(['b', 'd'])
    expect((await names(1, 'hits'))[0]).toBe('c')
    expect(await names(1, 'bytes')).toEqual(['b'])
    const [first] = await cache.topScopes('user', 1)
    expect(first).toEqual({ ids: { organization: 'b', user: 'u0' }, stats: cache.at('user', of('b', 'u0')).stats() })
    expect(await cache.topScopes('organization', 1)).toEqual([
      { ids: { organization: 'b' }, stats: cache.at('organization', of('b')).stats() },
    ])
    expect(await cache.topScopes('global')).toEqual([{ ids: {}, stats: cache.global.stats() }])
  })

  it('never show the id of a secret level; nor does identity()', async () => {
    const { cache } = createTestCache({ scopes })
    cache.at('session', of('a', 'u', 'credential')).sync.set('k', 1)
    const top = await cache.topScopes('session')
    expect(top).toMatchObject([{ ids: { organization: 'a', user: 'u' }, stats: { entries: 1 } }])
    expect(JSON.stringify(top)).not.toContain('credential')
    expect(cache.run(of('a', 'u', 'credential'), () => cache.identity())).toEqual({ organization: 'a', user: 'u' })
  })

  it('leave the event loop free while many scopes are looked at', async () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: Infinity, maxBytes: Infinity } })
    for (let user = 0; user < 20_000; user++)
      cache.at('user', of(user % 2 ? 'big' : `o${user}`, `u${user}`)).sync.set('k', 1)
    let turns = 0
    const progress = { done: false }
    const top = cache.topScopes('organization', 3).finally(() => (progress.done = true))
    while (!progress.done) {
      await turn()
      turns++
    }
    expect(turns).toBeGreaterThan(20)
    expect(await top).toMatchObject([{ ids: { organization: 'big' }, stats: { entries: 10_000 } }, {}, {}])
  })

  it('keep the process alive until they are known', () => {
    const script = `
      import { createCache } from ${JSON.stringify(bundledCore())}
      const cache = createCache({ scopes: { organization: 'global' } })
      for (let id = 0; id < 5000; id++) cache.at('organization', { organization: id }).sync.set('k', 1)
      console.log((await cache.topScopes('organization', 7)).length)`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '7\n', status: 0 })
  })

  it('are refused for a level, a number or a count that is none', async () => {
    const cache = createCache({ scopes })
    await expect(cache.topScopes('usr')).rejects.toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
    for (const count of [0, -1, 1.5, NaN, '3' as never]) {
      await expect(cache.topScopes('user', count)).rejects.toThrow(
        expect.objectContaining({ option: 'topScopes.count' }),
      )
    }
    for (const by of ['ids', 'constructor', '']) {
      await expect(cache.topScopes('user', 1, by as never)).rejects.toThrow(
        expect.objectContaining({ option: 'topScopes.by' }),
      )
    }
  })
})
