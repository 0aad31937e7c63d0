import { describe, expect, it, vi } from 'vitest'
import type { BypassReason, Scope } from '@cacheado/core'
import { acme, alice, bob, testCache, zoe } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

describe('concurrent loads of one key', () => {
  it('are one load for twenty callers, whose number and value the counts tell', async () => {
    const { cache } = testCache()
    const hand = handLoader<number>()
    const scope = cache.at('user', alice)
    const values = Promise.all(times(20, () => cache.at('user', alice).getOrSet('k', hand.load)))
    expect(hand.runs).toHaveLength(1)
    expect(cache.stats()).toMatchObject({ misses: 20, inFlight: 1 })
    hand.run(0).resolve(1)
    expect(await values).toEqual(times(20, () => 1))
    expect(scope.stats()).toMatchObject({ loads: 1, inFlight: 0, entries: 1 })
  })

  it('give the same object to all where values are shared', async () => {
    const { cache } = testCache()
    const hand = handLoader<object>()
    const values = Promise.all(times(3, () => cache.global.getOrSet('k', hand.load)))
    const value = { a: 1 }
    hand.run(0).resolve(value)
    for (const got of await values) expect(got).toBe(value)
  })

  it('pass the very error to every waiter, keep nothing, and the next caller loads again', async () => {
    const { cache } = testCache()
    const hand = handLoader<number>()
    const waiting = times(20, () => watch(cache.global.getOrSet('k', hand.load)))
    const failure = new Error('no')
    hand.run(0).reject(failure)
    await settle()
    for (const { state, error } of waiting) expect([state, error]).toEqual(['rejected', failure])
    for (const { error } of waiting) expect(error).toBe(failure)
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1, entries: 0, inFlight: 0 })
    expect(await cache.global.getOrSet('k', () => 2)).toBe(2)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'no'],
  ])('pass on %s where that is thrown', async (_name, thrown) => {
    const { cache } = testCache()
    const load = () => {
      throw thrown
    }
    await expect(cache.global.getOrSet('k', load)).rejects.toBe(thrown)
    await expect(cache.global.getOrSet('k', () => Promise.reject(thrown))).rejects.toBe(thrown)
  })

  it('are apart for every scope, namespace and cache', async () => {
    const one = testCache().cache
    const other = testCache().cache
    const hand = handLoader<number>()
    const scopes: Scope[] = [
      ...[one, other].flatMap((cache) => [
        cache.global,
        cache.at('organization', acme),
        cache.at('user', alice),
        cache.at('user', bob),
        cache.at('user', zoe),
        cache.namespace('group').at('user', alice),
        cache.namespace('other').at('user', alice),
      ]),
    ]
    const values = Promise.all(scopes.map((scope) => scope.getOrSet('k', hand.load)))
    expect(hand.runs).toHaveLength(scopes.length)
    hand.runs.forEach((run, index) => run.resolve(index))
    expect(await values).toEqual(scopes.map((_, index) => index))
    expect(await Promise.all(scopes.map((scope) => scope.get('k')))).toEqual(scopes.map((_, index) => index))
  })

  it('join under whatever form of the key', async () => {
    const { cache } = testCache()
    const hand = handLoader<number>()
    const values = Promise.all([
      cache.global.getOrSet(['a', { x: 1, y: 2 }], hand.load),
      cache.global.getOrSet(['a', { y: 2, x: 1 }], hand.load),
    ])
    hand.run(0).resolve(1)
    expect(await values).toEqual([1, 1])
    expect(hand.runs).toHaveLength(1)
  })

  it('leave nothing behind in memory when they end without a value', async () => {
    const { cache } = testCache()
    await Promise.allSettled(
      times(50, (user) =>
        cache.at('user', { organization: `o${user}`, user }).getOrSet('k', () => Promise.reject(new Error('no'))),
      ),
    )
    await cache.at('user', alice).getOrSet('k', (context) => context.skip())
    expect(cache.health().memory).toMatchObject({ entries: 0, bytes: 0 })
  })
})

describe('a result that is not kept', () => {
  it.each<[string, (context: { skip(): void }) => unknown, object]>([
    ['skip() was called', (context) => (context.skip(), {}), {}],
    ['cacheIf refuses it', () => ({}), { cacheIf: () => false }],
    ['it is larger than all of memory', () => 'x'.repeat(20_000), {}],
  ])('is for its caller alone where %s: who waited loads for itself', async (_name, make, options) => {
    const { cache } = testCache({ memory: { maxBytes: '16kb' } })
    const hand = handLoader<unknown>()
    const values = Promise.all(times(3, () => cache.global.getOrSet('k', hand.load, options)))
    hand.run(0).resolve(make(hand.run(0).context))
    await settle()
    expect(hand.runs).toHaveLength(3)
    hand.run(1).resolve('second')
    hand.run(2).resolve('third')
    expect(await values).toEqual([expect.anything(), 'second', 'third'])
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  it('is given to nobody else where it cannot be cloned', async () => {
    const { cache } = testCache({ values: 'clone' })
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const hand = handLoader<unknown>()
    const values = Promise.all(times(2, () => cache.global.getOrSet('k', hand.load)))
    const first = { method: () => 1 }
    hand.run(0).resolve(first)
    await settle()
    hand.run(1).resolve({ method: () => 2 })
    expect((await values)[0]).toBe(first)
    expect((await values)[1]).not.toBe(first)
    expect(reasons).toEqual(['value-refused', 'not-shareable'])
  })
})

/** Everything that makes a load under way too old. */
const OUTDATING: [string, (scope: Scope, cache: ReturnType<typeof testCache>['cache']) => Promise<unknown>][] = [
  ['delete', (scope) => scope.delete('k')],
  ['deleteMany', (scope) => scope.deleteMany(['other', 'k'])],
  ['sync.delete', async (scope) => scope.sync.delete('k')],
  ['invalidate', (scope) => scope.invalidate()],
  ['invalidate of the scope above', (_scope, cache) => cache.at('organization', acme).invalidate()],
  ['clear', (_scope, cache) => cache.clear()],
  ['invalidateTags', (scope) => scope.invalidateTags(['t'])],
  ['invalidateTags of the scope above', (_scope, cache) => cache.at('organization', acme).invalidateTags(['t'])],
  ['invalidateTags at global', (_scope, cache) => cache.global.invalidateTags(['t'])],
]

describe('a load under way', () => {
  it.each(OUTDATING)('is dead on arrival after %s: its caller has it, nobody else', async (_name, outdate) => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    const hand = handLoader<string>()
    const before = scope.getOrSet('k', hand.load, { tags: ['t'] })
    await outdate(scope, cache)
    const after = watch(scope.getOrSet('k', hand.load, { tags: ['t'] }))
    expect(hand.runs).toHaveLength(2)
    hand.run(0).resolve('old')
    expect(await before).toBe('old')
    await settle()
    expect(after.state).toBe('pending')
    expect(await scope.has('k')).toBe(false)
    hand.run(1).resolve('new')
    await settle()
    expect(after.value).toBe('new')
    expect(await scope.get('k')).toBe('new')
    expect(cache.stats().inFlight).toBe(0)
  })

  it.each(OUTDATING)('does not overwrite after %s what a newer load stored first', async (_name, outdate) => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    const hand = handLoader<string>()
    const before = scope.getOrSet('k', hand.load, { tags: ['t'] })
    await outdate(scope, cache)
    expect(await scope.getOrSet('k', () => 'new', { tags: ['t'] })).toBe('new')
    hand.run(0).resolve('old')
    expect(await before).toBe('old')
    expect(await scope.get('k')).toBe('new')
  })

  it.each(OUTDATING)('has its waiters look again after %s: one of them loads anew for all', async (_name, outdate) => {
    const { cache } = testCache()
    const scope = cache.at('user', alice)
    const hand = handLoader<string>()
    const [leader, ...waiting] = times(4, () => watch(scope.getOrSet('k', hand.load, { tags: ['t'] })))
    await outdate(scope, cache)
    hand.run(0).resolve('old')
    await settle()
    expect(leader).toMatchObject({ value: 'old' })
    expect(hand.runs).toHaveLength(2)
    hand.run(1).resolve('new')
    await settle()
    expect(waiting.map(({ value }) => value)).toEqual(['new', 'new', 'new'])
  })

  it('still counts after the invalidation of a tag it does not carry; but nobody joins it any more', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const before = cache.global.getOrSet('k', hand.load, { tags: ['mine'] })
    await cache.global.invalidateTags(['other'])
    hand.run(0).resolve('value')
    await before
    expect(await cache.global.get('k')).toBe('value')
    const again = cache.global.getOrSet('l', hand.load)
    await cache.global.invalidateTags(['other'])
    const joined = cache.global.getOrSet('l', hand.load)
    expect(hand.runs).toHaveLength(3)
    hand.run(1).resolve('before')
    hand.run(2).resolve('after')
    expect(await Promise.all([again, joined])).toEqual(['before', 'after'])
    expect(await cache.global.get('l')).toBe('after')
  })

  it('is not kept where a tag decided from its value was invalidated while it ran', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const loading = cache.at('user', alice).getOrSet('k', async (context) => {
      const value = await hand.load(context as never)
      context.tags('late')
      return value
    })
    await cache.at('organization', acme).invalidateTags(['late'])
    hand.run(0).resolve('old')
    expect(await loading).toBe('old')
    expect(await cache.at('user', alice).has('k')).toBe(false)
  })

  it('is untouched by what happens in a sibling, below, or in another tree', async () => {
    const { cache } = testCache()
    const scope = cache.at('organization', acme)
    const hand = handLoader<string>()
    const loading = scope.getOrSet('k', hand.load, { tags: ['t'] })
    await cache.at('organization', { organization: 'globex' }).invalidate()
    await cache.at('organization', { organization: 'globex' }).invalidateTags(['t'])
    await cache.at('user', alice).set('k', 1)
    await cache.at('user', alice).invalidateTags(['t'])
    await cache.at('user', alice).invalidate()
    await cache.at('tenant', { tenant: 'acme' }).invalidate()
    await cache.namespace('group').at('organization', acme).invalidate()
    hand.run(0).resolve('value')
    expect(await loading).toBe('value')
    expect(await scope.get('k')).toBe('value')
  })

  it('loses to a set: its waiters get what was set', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const leader = cache.global.getOrSet('k', hand.load)
    const follower = watch(cache.global.getOrSet('k', hand.load))
    await cache.global.set('k', 'set')
    await settle()
    expect(follower.value).toBe('set')
    hand.run(0).resolve('loaded')
    expect(await leader).toBe('loaded')
    expect(await cache.global.get('k')).toBe('set')
  })

  it('loses to a set that could not be kept, too: what was loaded is older', async () => {
    const { cache } = testCache({ values: 'clone' })
    const hand = handLoader<string>()
    const leader = cache.global.getOrSet('k', hand.load)
    await cache.global.set('k', () => 1)
    await cache.global.set('k', { no: () => 1 })
    hand.run(0).resolve('loaded')
    await leader
    expect(await cache.global.has('k')).toBe(false)
  })

  it('loses to a synchronous load, and joins its waiters to it', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const leader = cache.global.getOrSet('k', hand.load)
    const follower = cache.global.getOrSet('k', hand.load)
    expect(cache.global.sync.getOrSet('k', () => 'sync')).toBe('sync')
    hand.run(0).resolve('async')
    expect(await leader).toBe('async')
    expect(await follower).toBe('sync')
    expect(await cache.global.get('k')).toBe('sync')
    expect(cache.stats().inFlight).toBe(0)
  })

  it('offers a loader nothing that was invalidated while its caller waited', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleIfError: 1000 })
    await cache.global.set('k', 'old')
    clock.advance(100)
    const hand = handLoader<string>()
    const leader = cache.global.getOrSet('k', hand.load)
    const follower = cache.global.getOrSet('k', hand.load)
    expect(hand.run(0).context.previous).toEqual({ value: 'old', age: 100 })
    await cache.clear()
    hand.run(0).resolve('304: the old one')
    await leader
    await settle()
    expect(hand.run(1).context.previous).toBeUndefined()
    hand.run(1).resolve('new')
    expect(await follower).toBe('new')
  })

  it('gives up coalescing where its scope is invalidated again and again: such a caller loads for itself in the end', async () => {
    const { cache } = testCache()
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const hand = handLoader<string>()
    const keepLoading = () => void cache.global.getOrSet('k', hand.load)
    keepLoading()
    const follower = watch(cache.global.getOrSet('k', hand.load))
    for (let time = 0; time < 3; time++) {
      await cache.clear()
      keepLoading()
      hand.run(time).resolve('outdated')
      await settle()
    }
    expect(reasons).toEqual(['not-shareable'])
    hand.run(-1).resolve('its own')
    await settle()
    expect(follower.value).toBe('its own')
    hand.run(3).resolve('kept')
    await settle()
    expect(await cache.global.get('k')).toBe('kept')
  })
})

describe('a load that takes long', () => {
  it('is waited for five seconds; then exactly one of the waiters loads anew, and the others wait for that', async () => {
    const { cache, pass } = testCache()
    const hand = handLoader<string>()
    const waiting = times(10, () => watch(cache.global.getOrSet('k', hand.load)))
    await pass(4999)
    expect(hand.runs).toHaveLength(1)
    await pass(1)
    expect(hand.runs).toHaveLength(2)
    hand.run(1).resolve('second')
    await settle()
    expect(waiting.map(({ value }) => value)).toEqual([undefined, ...times(9, () => 'second')])
    hand.run(0).resolve('first')
    await settle()
    expect(waiting[0]?.value).toBe('first')
    expect(await cache.global.get('k')).toBe('second')
    expect(cache.stats()).toMatchObject({ inFlight: 0, loads: 2 })
  })

  it('is still kept when it ends first, and ends the waiting for the load that took its place', async () => {
    const { cache, pass } = testCache({ ttl: '1m' })
    const hand = handLoader<string>()
    const waiting = times(3, () => watch(cache.global.getOrSet('k', hand.load)))
    await pass(5000)
    const late = watch(cache.global.getOrSet('k', hand.load))
    expect(hand.runs).toHaveLength(2)
    hand.run(0).resolve('first')
    await settle()
    expect([waiting[0], waiting[2], late].map((one) => one?.value)).toEqual(['first', 'first', 'first'])
    expect(await cache.global.get('k')).toBe('first')
    hand.run(1).resolve('second')
    await settle()
    expect(waiting[1]?.value).toBe('second')
    expect(await cache.global.get('k')).toBe('second')
    expect(cache.stats().inFlight).toBe(0)
  })

  it('is cached under steady traffic though it always takes longer than anybody waits', async () => {
    const { cache, pass } = testCache({ ttl: '1m' })
    const hand = handLoader<number>()
    const ends: number[] = []
    for (let second = 0; second < 20; second++) {
      void cache.global.getOrSet('report', hand.load)
      while (ends.length < hand.runs.length) ends.push(second + 7)
      ends.forEach((end, run) => end === second && hand.run(run).resolve(run))
      await pass(1000)
    }
    expect(await cache.global.has('report')).toBe(true)
    expect(hand.runs.length).toBeLessThanOrEqual(3)
  })

  it.each(OUTDATING)('is not kept when %s came after another took its place', async (_name, outdate) => {
    const { cache, pass } = testCache()
    const scope = cache.at('user', alice)
    const hand = handLoader<string>()
    times(2, () => void scope.getOrSet('k', hand.load, { tags: ['t'] }))
    await pass(5000)
    await outdate(scope, cache)
    hand.run(0).resolve('first')
    await settle()
    expect(await scope.has('k')).toBe(false)
    hand.run(1).resolve('second')
    await settle()
    expect(await scope.has('k')).toBe(false)
    expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  it('does not overwrite what was set after another took its place', async () => {
    const { cache, pass } = testCache()
    const hand = handLoader<string>()
    times(2, () => void cache.global.getOrSet('k', hand.load))
    await pass(5000)
    await cache.global.set('k', 'set')
    hand.run(0).resolve('first')
    hand.run(1).resolve('second')
    await settle()
    expect(await cache.global.get('k')).toBe('set')
  })

  it('ends no waiting of those who come after what it brought has expired', async () => {
    const { cache, pass } = testCache({ ttl: 1000 })
    const hand = handLoader<string>()
    times(3, () => void cache.global.getOrSet('k', hand.load))
    await pass(5000)
    hand.run(0).resolve('first')
    await pass(1000)
    const late = watch(cache.global.getOrSet('k', hand.load))
    await settle()
    expect([hand.runs.length, late.state]).toEqual([2, 'pending'])
    hand.run(1).resolve('second')
    await settle()
    expect(late.value).toBe('second')
  })

  it('is waited for no longer than a load may take', async () => {
    const { cache, pass } = testCache()
    const hand = handLoader<string>()
    void cache.global.getOrSet('k', hand.load)
    void cache.global.getOrSet('k', hand.load, { loadTimeout: 300 }).catch(() => {})
    await pass(299)
    expect(hand.runs).toHaveLength(1)
    await pass(1)
    expect(hand.runs).toHaveLength(2)
  })

  it('and never ends holds nobody up for ever: in the end each loads for itself', async () => {
    const { cache, pass } = testCache()
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const hand = handLoader<string>()
    const waiting = times(6, () => watch(cache.global.getOrSet('k', hand.load)))
    await pass(15_000)
    expect(reasons).toEqual(['not-shareable', 'not-shareable', 'not-shareable'])
    expect(hand.runs).toHaveLength(6)
    hand.runs.slice(1).forEach((run) => run.resolve('value'))
    await settle()
    expect(waiting.slice(1).every(({ value }) => value === 'value')).toBe(true)
  })

  it('of a loader that waits for its own key ends when it loses patience: no deadlock', async () => {
    const { cache, pass } = testCache({ ttl: '1m' })
    const outer = watch(
      cache.global.getOrSet('k', async () => `outer of ${await cache.global.getOrSet('k', () => 'inner')}`),
    )
    await pass(5000)
    expect(outer.value).toBe('outer of inner')
    expect(cache.stats().inFlight).toBe(0)
  })

  it('of two loaders that wait for each other ends when they lose patience', async () => {
    const { cache, pass } = testCache({ ttl: '1m' })
    const a = (): Promise<string> => cache.global.getOrSet('a', async () => `a${await b2()}`)
    const b = (): Promise<string> => cache.global.getOrSet('b', async () => `b${await a2()}`)
    const a2 = () => cache.global.getOrSet('a', () => '-')
    const b2 = () => cache.global.getOrSet('b', () => '-')
    const both = [watch(a()), watch(b())]
    await pass(5000)
    expect(both.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled'])
  })
})

describe('more than ten thousand loads at once', () => {
  it('are not joined beyond that, keep nothing beyond that, and leave no trace', async () => {
    const { cache, clock } = testCache({ memory: { maxEntries: 50_000 }, ttl: 100, staleWhileRevalidate: 1000 })
    await cache.global.set('stale', 'old')
    clock.advance(100)
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const hand = handLoader<string>()
    const loading = times(10_000, (index) => cache.global.getOrSet(`k${index}`, hand.load))
    expect(cache.stats().inFlight).toBe(10_000)

    const extra = handLoader<string>()
    const more = [cache.global.getOrSet('extra', extra.load), cache.global.getOrSet('extra', extra.load)]
    expect(extra.runs).toHaveLength(2)
    expect(reasons).toEqual(['too-many-loads', 'too-many-loads'])
    expect(cache.global.sync.getOrSet('sync', () => 'at once')).toBe('at once')
    extra.runs.forEach((run) => run.resolve('extra'))
    expect(await Promise.all(more)).toEqual(['extra', 'extra'])
    expect(await cache.global.has('extra')).toBe(false)
    expect(await cache.global.has('sync')).toBe(false)

    const reload = vi.fn(() => 'new')
    expect(await cache.global.getOrSet('stale', reload)).toBe('old')
    await expect(cache.global.getOrSet('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(reload).not.toHaveBeenCalled()

    const joined = cache.global.getOrSet('k0', hand.load)
    hand.runs.forEach((run, index) => run.resolve(`v${index}`))
    expect(await joined).toBe('v0')
    await Promise.all(loading)
    expect(cache.stats()).toMatchObject({ inFlight: 0, entries: 10_001 })
    expect(await cache.global.getOrSet('extra', () => 'kept')).toBe('kept')
    expect(await cache.global.has('extra')).toBe(true)
  })
})
