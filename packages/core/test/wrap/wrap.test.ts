import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { fromArguments, type BypassReason, type WrappedFunction, type WrappedSyncFunction } from '@cacheado/core'
import { acme, alice, bob, testCache, zoe } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const config = (option?: string) => expect.objectContaining({ code: 'ERR_CACHE_CONFIG', ...(option && { option }) })
const scopeError = { code: 'ERR_CACHE_SCOPE' }

/** A function that counts its calls. */
function counted<A extends readonly unknown[]>() {
  return vi.fn(async (...args: A) => args)
}

describe('a wrapped function', () => {
  it('has the signature of the function', async () => {
    const { cache } = testCache()
    const wrapped = cache.wrap(async (id: string, locale?: 'pt' | 'en') => ({ id, locale }), {
      name: 'f',
      scope: 'global',
    })
    expectTypeOf(wrapped).toEqualTypeOf<
      WrappedFunction<[id: string, locale?: 'pt' | 'en' | undefined], { id: string; locale: 'pt' | 'en' | undefined }>
    >()
    expectTypeOf(wrapped).parameters.toEqualTypeOf<[id: string, locale?: 'pt' | 'en' | undefined]>()
    expectTypeOf(wrapped.refresh).parameters.toEqualTypeOf<[id: string, locale?: 'pt' | 'en' | undefined]>()
    expectTypeOf(await wrapped('1')).toEqualTypeOf<{ id: string; locale: 'pt' | 'en' | undefined }>()
    // @ts-expect-error -- a number is no text
    void wrapped(1)
    // @ts-expect-error -- no such argument
    void wrapped.delete('1', 'pt', 2)
    const sync = cache.wrapSync((a: number, b: number) => a + b, { name: 'sum', scope: 'global' })
    expectTypeOf(sync).toEqualTypeOf<WrappedSyncFunction<[a: number, b: number], number>>()
    const asynchronous = cache.wrap((a: number) => a, { name: 'g', scope: 'global' })
    expectTypeOf(asynchronous).returns.toEqualTypeOf<Promise<number>>()
  })

  it('calls the function once for equal arguments of one caller', async () => {
    const { cache } = testCache()
    const load = counted<[string, { page: number; size?: number }]>()
    const find = cache.wrap(load, { name: 'find', scope: 'user' })
    await cache.run(alice, async () => {
      expect(await find('a', { page: 1, size: 2 })).toEqual(['a', { page: 1, size: 2 }])
      expect(await find('a', { size: 2, page: 1 })).toEqual(['a', { page: 1, size: 2 }])
      await find('a', { page: 2 })
      await find('b', { page: 1 })
    })
    expect(load).toHaveBeenCalledTimes(3)
    await cache.run(bob, () => find('a', { page: 1, size: 2 }))
    await cache.run(zoe, () => find('a', { page: 1, size: 2 }))
    expect(load).toHaveBeenCalledTimes(5)
  })

  it('tells arguments apart that print alike', async () => {
    const { cache } = testCache()
    const load = counted<unknown[]>()
    const find = cache.wrap(load, { name: 'find', scope: 'global' })
    const different: unknown[][] = [
      [],
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [null],
      [undefined],
      ['null'],
      [[]],
      [{}],
      ['a', 'b'],
      [['a', 'b']],
      ['a,b'],
      [new Date(0)],
      [0],
      [new Map()],
      [new Set()],
      [Buffer.from('a')],
    ]
    for (const args of different) await find(...args)
    expect(load).toHaveBeenCalledTimes(different.length)
    for (const args of different) await find(...args)
    expect(load).toHaveBeenCalledTimes(different.length)
  })

  it('refuses arguments that are not plain data, and never glues them to a text', async () => {
    const { cache } = testCache()
    const find = cache.wrap(counted<unknown[]>(), { name: 'find', scope: 'global' })
    class Money {}
    await expect(find(new Money())).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
    await expect(find(() => 1)).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
  })

  it('depends on what `key` says, where it says so', async () => {
    const { cache } = testCache()
    const load = vi.fn(async (request: { id: string; trace: () => void }) => request.id)
    const find = cache.wrap(load, { name: 'find', scope: 'global', key: (request) => ['request', request.id] })
    expect(await find({ id: 'a', trace: () => {} })).toBe('a')
    expect(await find({ id: 'a', trace: () => {} })).toBe('a')
    expect(await find({ id: 'b', trace: () => {} })).toBe('b')
    expect(load).toHaveBeenCalledTimes(2)
    expect(await find.delete({ id: 'a', trace: () => {} })).toBe(true)
  })

  it('passes `this` on, which is no part of the key', async () => {
    const { cache } = testCache()
    const find = cache.wrap(
      async function (this: { name: string }, id: string) {
        return `${this.name} ${id}`
      },
      { name: 'find', scope: 'global' },
    )
    const [one, two] = [
      { name: 'one', find },
      { name: 'two', find },
    ]
    expect(await one.find('a')).toBe('one a')
    expect(await two.find('a')).toBe('one a')
    expect(await find.refresh.call(two, 'a')).toBe('two a')
    expect(await one.find('a')).toBe('two a')
  })

  it('passes `this` on where it runs uncached', async () => {
    const { cache } = testCache()
    const find = cache.wrap(
      async function (this: { name: string }) {
        return this.name
      },
      { name: 'find', scope: 'user' },
    )
    expect(await find.call({ name: 'one' })).toBe('one')
  })

  it('takes a policy, and bounds of its own', async () => {
    const { cache, clock } = testCache()
    const load = counted<[number]>()
    const find = cache.wrap(load, {
      name: 'find',
      scope: 'global',
      ttl: 50,
      maxEntries: 2,
      cacheIf: ([index]) => index !== 13,
    })
    for (const index of [1, 2, 3, 13]) await find(index)
    expect(find.namespace.stats()).toMatchObject({ entries: 2, evictions: 1 })
    clock.advance(50)
    await find(3)
    expect(load).toHaveBeenCalledTimes(5)
  })

  it('loads once for concurrent calls of one caller', async () => {
    const { cache } = testCache()
    const hand = handLoader<string>()
    const find = cache.wrap((_id: string) => hand.load(undefined as never) as Promise<string>, {
      name: 'find',
      scope: 'organization',
    })
    const values = Promise.all([alice, bob, zoe].map((ids) => cache.run(ids, () => find('a'))))
    expect(hand.runs).toHaveLength(2)
    hand.runs.forEach((run, index) => run.resolve(`${index}`))
    expect(await values).toEqual(['0', '0', '1'])
  })

  it('passes on what the function throws, at once or later', async () => {
    const { cache } = testCache()
    const failure = new Error('no')
    const atOnce = cache.wrap(
      (): number => {
        throw failure
      },
      { name: 'at once', scope: 'global' },
    )
    const later = cache.wrap(() => Promise.reject(failure), { name: 'later', scope: 'global' })
    await expect(atOnce()).rejects.toBe(failure)
    await expect(later()).rejects.toBe(failure)
  })

  it('runs in a context that holds only the ids down to its level', async () => {
    const { cache } = testCache()
    const who = cache.wrap(async () => cache.identity(), { name: 'who', scope: 'organization' })
    await cache.run({ ...alice, tenant: 't' }, async () => expect(await who()).toEqual(acme))
  })
})

describe('what a wrapped function can do besides', () => {
  it('delete: drops the result for these arguments in the caller’s scope', async () => {
    const { cache } = testCache()
    const load = counted<[string]>()
    const find = cache.wrap(load, { name: 'find', scope: 'user' })
    for (const ids of [alice, bob]) await cache.run(ids, () => Promise.all([find('a'), find('b')]))
    expect(await cache.run(alice, () => find.delete('a'))).toBe(true)
    expect(await cache.run(alice, () => find.delete('a'))).toBe(false)
    expect(find.namespace.stats().entries).toBe(3)
    expect(await find.namespace.at('user', bob).has(['a'])).toBe(true)
  })

  it('refresh: calls the function whatever is cached, and keeps the result', async () => {
    const { cache } = testCache()
    let calls = 0
    const next = cache.wrap(async () => ++calls, { name: 'next', scope: 'global' })
    expect([await next(), await next(), await next.refresh(), await next()]).toEqual([1, 1, 2, 2])
  })

  it('invalidate: drops all its results, in all scopes, and nothing else', async () => {
    const { cache } = testCache()
    const find = cache.wrap(counted<[string]>(), { name: 'find', scope: 'user' })
    const other = cache.wrap(counted<[string]>(), { name: 'other', scope: 'user' })
    for (const ids of [alice, zoe]) await cache.run(ids, () => Promise.all([find('a'), other('a')]))
    expect(await find.invalidate()).toMatchObject({ applied: true })
    for (const ids of [alice, zoe]) {
      expect(await find.namespace.at('user', ids).has(['a'])).toBe(false)
      expect(await other.namespace.at('user', ids).has(['a'])).toBe(true)
    }
  })

  it('deletes and invalidates after the commit inside deferInvalidations, and not at all where that fails', async () => {
    const { cache } = testCache()
    const find = cache.wrap(counted<[string]>(), { name: 'find', scope: 'global' })
    await find('a')
    await find('b')
    const failing = cache.deferInvalidations(async () => {
      expect(await find.delete('a')).toBe(false)
      await find.invalidate()
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    expect(find.namespace.stats()).toMatchObject({ entries: 2, deletes: 0 })
    await cache.deferInvalidations(async () => {
      await find.delete('a')
      expect(await find.namespace.global.has(['a'])).toBe(true)
    })
    expect(await find.namespace.global.has(['a'])).toBe(false)
  })
})

describe('a caller of a wrapped function who cannot be placed', () => {
  it('runs the function uncached by default: counted, and warned of once', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const { cache } = testCache({ logger })
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    let calls = 0
    const next = cache.wrap(async () => ++calls, { name: 'next', scope: 'user' })
    expect([await next(), await cache.run(acme, () => next()), await next.refresh()]).toEqual([1, 2, 3])
    expect(reasons).toEqual(['scope-unresolved', 'scope-unresolved', 'scope-unresolved'])
    expect(logger.warn).toHaveBeenCalledTimes(1)
    expect(next.namespace.stats()).toMatchObject({ entries: 0, bypasses: 3 })
  })

  it("gets ERR_CACHE_SCOPE where the cache or the function says 'throw', and the function is not called", async () => {
    const load = vi.fn(async () => 1)
    const strict = testCache({ onMissingScope: 'throw' }).cache
    await expect(strict.wrap(load, { name: 'f', scope: 'user' })()).rejects.toMatchObject(scopeError)
    expect(() => strict.wrapSync(() => 1, { name: 'g', scope: 'user' })()).toThrow(expect.objectContaining(scopeError))
    const { cache } = testCache()
    await expect(cache.wrap(load, { name: 'f', scope: 'user', onMissingScope: 'throw' })()).rejects.toMatchObject(
      scopeError,
    )
    expect(load).not.toHaveBeenCalled()
    expect(await strict.wrap(load, { name: 'h', scope: 'user', onMissingScope: 'run' })()).toBe(1)
  })

  it('cannot delete: ERR_CACHE_SCOPE, never a silent nothing', async () => {
    const { cache } = testCache()
    const find = cache.wrap(counted<[string]>(), { name: 'find', scope: 'user' })
    await expect(find.delete('a')).rejects.toMatchObject(scopeError)
    const strict = cache.wrap(counted<[string]>(), { name: 'strict', scope: 'user', onMissingScope: 'throw' })
    await expect(strict.delete('a')).rejects.toMatchObject(scopeError)
  })
})

describe('identity from the arguments', () => {
  it('places the caller where there is no context', async () => {
    const { cache } = testCache()
    const load = counted<[{ organization: string; user: string }, string]>()
    const byFunction = cache.wrap(load, { name: 'f', scope: 'user', identity: (ids) => ids })
    const byArgument = cache.wrap(load, { name: 'g', scope: 'user', identity: fromArguments })
    for (const wrapped of [byFunction, byArgument]) {
      load.mockClear()
      await wrapped(alice, 'a')
      await wrapped(alice, 'a')
      await wrapped(bob, 'a')
      expect(load).toHaveBeenCalledTimes(2)
      expect(await wrapped.namespace.at('user', alice).has([alice, 'a'])).toBe(true)
      expect(await wrapped.delete(alice, 'a')).toBe(true)
    }
  })

  it('must agree with the context where there is one: else the caller shares with nobody', async () => {
    const { cache } = testCache()
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const load = counted<[{ organization: string; user: string }]>()
    for (const identity of [fromArguments, (ids: typeof alice) => ids] as const) {
      const find = cache.wrap(load, {
        name: identity === fromArguments ? 'argument' : 'function',
        scope: 'user',
        identity,
      })
      reasons.length = 0
      await cache.run(alice, () => find(alice))
      await cache.run({ organization: 'acme' }, () => find(alice))
      await cache.run({ tenant: 't' }, () => find(alice))
      expect(reasons).toEqual([])
      expect(find.namespace.stats()).toMatchObject({ entries: 1, loads: 1 })
      await cache.run(bob, () => find(alice))
      await cache.run({ organization: 'globex' }, () => find(alice))
      await cache.run({ user: 'bob' }, () => find(alice))
      expect(reasons).toEqual(['scope-conflict', 'scope-conflict', 'scope-conflict'])
      expect(find.namespace.stats()).toMatchObject({ entries: 1, loads: 1 })
      await expect(cache.run(bob, () => find.delete(alice))).rejects.toMatchObject(scopeError)
    }
  })

  it.each([
    ['no ids', undefined],
    ['null', null],
    ['too few', { organization: 'acme' }],
    ['an invalid one', { organization: 'acme', user: '' }],
    ['a promise of them', Promise.resolve(alice)],
  ])('is nobody where the function gives %s, even within a context', async (_name, given) => {
    const { cache } = testCache()
    const find = cache.wrap(async () => 1, { name: 'f', scope: 'user', identity: () => given as never })
    expect(await find()).toBe(1)
    expect(await cache.run(alice, () => find())).toBe(1)
    expect(find.namespace.stats()).toMatchObject({ entries: 0, bypasses: 2 })
  })

  it('takes the first argument that has an own property for each level', async () => {
    const { cache } = testCache()
    const find = cache.wrap(async (..._args: unknown[]) => 1, { name: 'f', scope: 'user', identity: fromArguments })
    const inherited = Object.create(alice) as object
    await find('text', null, { organization: 'globex' }, { ...zoe, more: 1 }, alice)
    expect(
      await find.namespace.at('user', zoe).has(['text', null, { organization: 'globex' }, { ...zoe, more: 1 }, alice]),
    ).toBe(true)
    await find({ user: 'alice' }, { organization: 'acme' })
    await expect(find(inherited)).resolves.toBe(1)
    expect(find.namespace.stats()).toMatchObject({ entries: 1, bypasses: 2 })
  })

  it('throws what the identity function throws', async () => {
    const { cache } = testCache()
    const failure = new Error('no')
    const identity = () => {
      throw failure
    }
    await expect(cache.wrap(async () => 1, { name: 'f', scope: 'user', identity })()).rejects.toBe(failure)
    expect(() => cache.wrapSync(() => 1, { name: 'g', scope: 'user', identity })()).toThrow(failure)
  })

  it('is not asked for where everybody shares', async () => {
    const { cache } = testCache()
    const identity = vi.fn(() => ({}))
    expect(await cache.wrap(async () => 1, { name: 'f', scope: 'global', identity })()).toBe(1)
    expect(identity).not.toHaveBeenCalled()
  })
})

describe('the name of a wrapped function', () => {
  it('may be used again with equal options: the other function never reads values of the first', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const { cache } = testCache({ logger })
    const make = (answer: string) =>
      cache.wrap(async (_id: string) => answer, { name: 'f', scope: 'global', ttl: '1m', tags: ['t'] })
    const first = make('first')
    expect(await first('a')).toBe('first')
    const second = make('second')
    expect(await second('a')).toBe('second')
    expect(await first('a')).toBe('first')
    expect(await second('a')).toBe('second')
    expect(logger.warn).toHaveBeenCalled()
    expect(cache.stats()).toMatchObject({ namespaces: 1 })
  })

  it('keeps its values where the same function is wrapped again', async () => {
    const { cache } = testCache()
    const load = counted<[string]>()
    const key = (id: string) => id
    await cache.wrap(load, { name: 'f', scope: 'global', key })('a')
    await cache.wrap(load, { name: 'f', scope: 'global', key })('a')
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('starts empty where the key or the identity is another function, though their texts be equal', async () => {
    const { cache } = testCache()
    const load = vi.fn(async (id: string) => id)
    const wrapWith = (prefix: string) => cache.wrap(load, { name: 'f', scope: 'global', key: (id) => [prefix, id] })
    await wrapWith('a')('1')
    await wrapWith('b')('1')
    expect(load).toHaveBeenCalledTimes(2)
    const idsFor = (user: string) => cache.wrap(load, { name: 'g', scope: 'user', identity: () => ({ ...acme, user }) })
    const [first, second] = [idsFor('alice'), idsFor('bob')]
    await second('1')
    expect(await second.namespace.at('user', bob).has(['1'])).toBe(true)
    expect(await first('1')).toBe('1')
  })

  it('throws with other options, whatever kind of function it names', () => {
    const { cache } = testCache()
    cache.wrap(async () => 1, { name: 'f', scope: 'global' })
    expect(() => cache.wrap(async () => 1, { name: 'f', scope: 'user' })).toThrow(config())
    expect(() => cache.wrap(async () => 1, { name: 'f', scope: 'global', ttl: '1m' })).toThrow(config())
    expect(() => cache.namespace('f')).toThrow(config())
    cache.namespace('g')
    expect(() => cache.wrapSync(() => 1, { name: 'g', scope: 'global' })).toThrow(config())
  })

  it.each([
    [{ scope: 'global' }, undefined],
    [{ name: '', scope: 'global' }, undefined],
    [{ name: 'f' }, 'wrap(f).scope'],
    [{ name: 'f', scope: 'team' }, 'wrap(f).scope'],
    [{ name: 'f', scope: 'global', key: 'id' }, 'wrap(f).key'],
    [{ name: 'f', scope: 'global', onMissingScope: 'ignore' }, 'wrap(f).onMissingScope'],
    [{ name: 'f', scope: 'global', ttl: 0 }, undefined],
    [{ name: 'f', scope: 'global', tll: '1m' }, 'wrap(f).tll'],
  ])('and options are checked when it is wrapped: %j', (options, option) => {
    const { cache } = testCache()
    expect(() => cache.wrap(async () => 1, options as never)).toThrow(config(option))
    expect(() => cache.wrapSync(() => 1, options as never)).toThrow(config(option))
  })

  it('used for each of many instances leaves the latest only with a memory: the others run uncached', async () => {
    const { cache } = testCache()
    let calls = 0
    const make = () => cache.wrap(async () => ++calls, { name: 'f', scope: 'global' })
    const [first, second] = [make(), make()]
    expect([await first(), await first(), await second(), await second()]).toEqual([1, 2, 3, 3])
  })

  it('is not enough: what is wrapped must be a function', () => {
    const { cache } = testCache()
    expect(() => cache.wrap(undefined as never, { name: 'f', scope: 'global' })).toThrow(config('wrap'))
  })
})

describe('a wrapped synchronous function', () => {
  it('stays synchronous', () => {
    const { cache } = testCache()
    const add = vi.fn((a: number, b: number) => a + b)
    const sum = cache.wrapSync(add, { name: 'sum', scope: 'global' })
    expect([sum(1, 2), sum(1, 2), sum(2, 1)]).toEqual([3, 3, 3])
    expect(add).toHaveBeenCalledTimes(2)
    expect(sum.refresh(1, 2)).toBe(3)
    expect(add).toHaveBeenCalledTimes(3)
  })

  it('takes its scope from the context, passes `this` on and runs uncached without a scope', () => {
    const { cache } = testCache()
    let calls = 0
    const next = cache.wrapSync(
      function (this: { by: number }) {
        return (calls += this.by)
      },
      { name: 'next', scope: 'user' },
    )
    const self = { by: 10 }
    expect(cache.run(alice, () => [next.call(self), next.call(self)])).toEqual([10, 10])
    expect(cache.run(bob, () => next.call(self))).toBe(20)
    expect([next.call(self), next.call(self)]).toEqual([30, 40])
  })

  it('can be deleted and invalidated', async () => {
    const { cache } = testCache()
    const next = cache.wrapSync((id: string) => id, { name: 'next', scope: 'global' })
    next('a')
    expect(await next.delete('a')).toBe(true)
    next('a')
    await next.invalidate()
    expect(await next.namespace.global.has(['a'])).toBe(false)
  })

  it('passes on what it throws, and refuses a promise', () => {
    const { cache } = testCache()
    const failure = new Error('no')
    const fails = cache.wrapSync(
      () => {
        throw failure
      },
      { name: 'fails', scope: 'global' },
    )
    expect(fails).toThrow(failure)
    const asynchronous = cache.wrapSync(async () => 1, { name: 'asynchronous', scope: 'global' })
    expect(asynchronous).toThrow(expect.objectContaining({ code: 'ERR_CACHE_VALUE' }))
  })
})

describe('a wrapped batch function', () => {
  it('sees only the items that are missing, once each, and answers in the order of the items', async () => {
    const { cache } = testCache()
    const load = vi.fn(async (items: readonly number[]) => items.map((item) => item * 10))
    const many = cache.wrapMany(load, { name: 'many', scope: 'user' })
    await cache.run(alice, async () => {
      expect(await many([1, 2])).toEqual([10, 20])
      expect(await many([3, 2, 1, 3])).toEqual([30, 20, 10, 30])
      expect(await many([])).toEqual([])
    })
    expect(load.mock.calls).toEqual([[[1, 2]], [[3]]])
    expect(await cache.run(bob, () => many([1]))).toEqual([10])
    expect(load).toHaveBeenCalledTimes(3)
  })

  it('takes any item that can be a key, or what `key` makes of it', async () => {
    const { cache } = testCache()
    const load = vi.fn(async (items: readonly { id: string }[]) => items.map(({ id }) => id))
    const plain = cache.wrapMany(load, { name: 'plain', scope: 'global' })
    expect(await plain([{ id: 'a' }, { id: 'b' }])).toEqual(['a', 'b'])
    expect(await plain([{ id: 'b' }, { id: 'a' }])).toEqual(['b', 'a'])
    expect(load).toHaveBeenCalledTimes(1)
    const keyed = cache.wrapMany(load, { name: 'keyed', scope: 'global', key: (item) => item.id })
    expect(await keyed([{ id: 'a' }, { id: 'a' }])).toEqual(['a', 'a'])
    expect(load.mock.calls[1]).toEqual([[{ id: 'a' }]])
  })

  it('deletes items in the caller’s scope, and all of them everywhere', async () => {
    const { cache } = testCache()
    const many = cache.wrapMany(async (items: readonly number[]) => items, { name: 'many', scope: 'user' })
    await cache.run(alice, () => many([1, 2, 3]))
    expect(await cache.run(alice, () => many.delete([1, 2, 9]))).toBe(2)
    await expect(many.delete([1])).rejects.toMatchObject(scopeError)
    expect(many.namespace.stats().entries).toBe(1)
    await many.invalidate()
    expect(await many.namespace.at('user', alice).has([3])).toBe(false)
  })

  it('runs uncached where the caller cannot be placed, or throws', async () => {
    const { cache } = testCache()
    const many = cache.wrapMany(async (items: readonly number[]) => items, { name: 'many', scope: 'user' })
    expect(await many([1, 2])).toEqual([1, 2])
    expect(many.namespace.stats()).toMatchObject({ entries: 0, bypasses: 1 })
    const strict = cache.wrapMany(async (items: readonly number[]) => items, {
      name: 'strict',
      scope: 'user',
      onMissingScope: 'throw',
    })
    await expect(strict([1])).rejects.toMatchObject(scopeError)
  })

  it('rejects where the answer has another length, or the function fails, and keeps nothing', async () => {
    const { cache } = testCache()
    const short = cache.wrapMany(async () => [1], { name: 'short', scope: 'global' })
    await expect(short([1, 2])).rejects.toMatchObject({ code: 'ERR_CACHE_VALUE' })
    const failure = new Error('no')
    const fails = cache.wrapMany(() => Promise.reject(failure), { name: 'fails', scope: 'global' })
    await expect(fails([1, 2])).rejects.toBe(failure)
    expect(cache.stats().entries).toBe(0)
  })

  it('has no identity option: items of several callers would share a batch', () => {
    const { cache } = testCache()
    const options = { name: 'many', scope: 'user', identity: fromArguments }
    expect(() => cache.wrapMany(async (items: readonly number[]) => items, options as never)).toThrow(
      config('wrap(many).identity'),
    )
  })
})
