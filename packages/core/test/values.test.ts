import { runInNewContext } from 'node:vm'
import { createTestCache } from '@cacheado/core/testing'
import type { ScopedCache, ValuesMode } from '@cacheado/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keptValue, readValue, valuesMode } from '../src/values.js'

afterEach(() => void vi.unstubAllEnvs())

const MODES: readonly ValuesMode[] = ['share', 'freeze', 'clone']

/** What a value must be afterwards: the same as before. */
type Mutation = readonly [what: string, make: () => object, mutate: (value: never) => void]

/** T-06: ways to change a cached value through one's own copy of it. */
const MUTATIONS: readonly Mutation[] = [
  ['a field', () => ({ a: 1 }), (value: { a: number }) => void (value.a = 2)],
  ['a new field', () => ({ a: 1 }), (value: { b?: number }) => void (value.b = 2)],
  ['a field gone', () => ({ a: 1 }), (value: { a?: number }) => void delete value.a],
  ['a nested field', () => ({ a: { b: { c: [1] } } }), (value: { a: { b: { c: number[] } } }) => void (value.a.b.c[0] = 2)],
  ['a push', () => [1, 2], (value: number[]) => void value.push(3)],
  ['a sort', () => [2, 1], (value: number[]) => void value.sort()],
  ['an object in a list', () => [{ a: 1 }], (value: [{ a: number }]) => void (value[0].a = 2)],
  ['a field of a record without prototype', () => Object.assign(Object.create(null), { a: 1 }), (value: { a: number }) => void (value.a = 2)],
  ['a field below a frozen object', () => Object.freeze({ a: { b: 1 } }), (value: { a: { b: number } }) => void (value.a.b = 2)],
  ['a field seen twice', () => { const shared = { b: 1 }; return { one: shared, two: shared } }, (value: { two: { b: number } }) => void (value.two.b = 2)],
  ['a field in a cycle', () => { const cycle: { a: number; self?: object } = { a: 1 }; cycle.self = cycle; return cycle }, (value: { self: { a: number } }) => void (value.self.a = 2)],
  ['a field of another realm', () => runInNewContext('({ a: { b: 1 } })'), (value: { a: { b: number } }) => void (value.a.b = 2)],
] // prettier-ignore

/** Built-ins that freezing leaves alone and cloning does not share. */
const BUILT_INS: readonly Mutation[] = [
  ['a date', () => new Date(0), (value: Date) => void value.setTime(1)],
  ['a map', () => new Map([['a', 1]]), (value: Map<string, number>) => void value.set('a', 2)],
  ['a set', () => new Set([1]), (value: Set<number>) => void value.add(2)],
  ['a buffer', () => ({ bytes: new Uint8Array([1]) }), (value: { bytes: Uint8Array }) => void (value.bytes[0] = 2)],
]

/** Changes it, or is stopped by a frozen object, which is what freezing is for. */
function attempt(mutate: (value: never) => void, value: unknown): void {
  try {
    mutate(value as never)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
  }
}

/** Every way to get at a value: the writer's own object, a hit, the leader's result, a follower's. */
async function holders(cache: ScopedCache, make: () => object): Promise<unknown[]> {
  const written = make()
  cache.global.sync.set('written', written)
  const load = async () => make()
  const [leader, follower] = await Promise.all([
    cache.global.getOrSet('loaded', load),
    cache.global.getOrSet('loaded', load),
  ])
  return [
    written,
    cache.global.sync.get('written'),
    await cache.global.get('written'),
    leader,
    follower,
    await cache.global.getOrSet('loaded', load),
  ]
}

describe.each(['freeze', 'clone'] as const)('values that are kept by %s', (values) => {
  it.each(values === 'clone' ? [...MUTATIONS, ...BUILT_INS] : MUTATIONS)(
    'are safe from %s',
    async (_, make, mutate) => {
      const { cache } = createTestCache({ values })
      for (const holder of await holders(cache, make)) attempt(mutate, holder)
      for (const key of ['written', 'loaded']) {
        expect(await cache.global.get(key)).toEqual(make())
        expect(await cache.global.getOrSet(key, () => 'loaded again')).toEqual(make())
        const found = await cache.global.lookup(key)
        expect(found.hit && found.value).toEqual(make())
      }
    },
  )
})

describe('the way values are kept', () => {
  it('freezes outside of production and shares there, unless told', () => {
    expect(valuesMode(undefined)).toBe('freeze')
    vi.stubEnv('NODE_ENV', 'production')
    expect(valuesMode(undefined)).toBe('share')
    for (const mode of MODES) expect(valuesMode(mode)).toBe(mode)
  })

  it("by 'share' hands out the same object", async () => {
    const { cache } = createTestCache({ values: 'share' })
    const value = { a: 1 }
    cache.global.sync.set('k', value)
    expect(cache.global.sync.get('k')).toBe(value)
    expect(Object.isFrozen(value)).toBe(false)
  })

  it("by 'freeze' leaves alone what is neither a plain object nor a list, and what hangs on it", () => {
    class Invoice {
      lines = [1]
    }
    const parts = {
      invoice: new Invoice(),
      when: new Date(0),
      map: new Map([['k', { a: 1 }]]),
      bytes: new Uint8Array(1),
      fn: () => 1,
    }
    const value = { ...parts }
    expect(keptValue('freeze', value)).toBe(value)
    expect(Object.isFrozen(value)).toBe(true)
    for (const part of Object.values(parts)) expect(Object.isFrozen(part)).toBe(false)
    expect(Object.isFrozen(parts.invoice.lines)).toBe(false)
  })

  it.each([null, undefined, 0, '', 'text', 7n, true])('takes %s as it is', (value) => {
    for (const mode of MODES) expect(readValue(mode, keptValue(mode, value))).toBe(value)
  })

  it("by 'clone' is that of structuredClone", () => {
    const value = { when: new Date(0), list: [new Map([['a', new Set([1])]])] }
    const kept = keptValue('clone', value)
    expect(kept).toEqual(value)
    expect(kept).not.toBe(value)
    expect(readValue('clone', kept)).toEqual(value)
    expect(readValue('clone', kept)).not.toBe(kept)
  })
})

function nested(depth: number): unknown {
  let value: unknown = 'leaf'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

const promise = Promise.resolve(1)

type Outcome = 'kept' | 'refused'

/** T-34, beside the table of operations/values.test.ts: a hit gives what the loader gave. */
const VALUES: readonly (readonly [
  what: string,
  make: () => unknown,
  outcome: Outcome | Partial<Record<ValuesMode, Outcome>>,
])[] = [
  ['zero', () => 0, 'kept'],
  ['false', () => false, 'kept'],
  ['a field that is undefined', () => ({ a: undefined }), 'kept'],
  ['a list 190 deep', () => nested(190), 'kept'],
  ['a list 202 deep', () => nested(202), 'refused'],
  ['a symbol in an object', () => ({ a: Symbol.for('a') }), { share: 'kept', freeze: 'kept', clone: 'refused' }],
  ['a promise in an object', () => ({ a: promise }), { share: 'kept', freeze: 'kept', clone: 'refused' }],
  ['a view of much more', () => new Uint8Array(new ArrayBuffer(65 * 2 ** 20), 0, 1), 'refused'],
]

describe.each(MODES)('with values kept by %s', (values) => {
  it.each(VALUES)('%s reaches the caller, and the cache never throws', async (_, make, outcomes) => {
    const outcome = typeof outcomes === 'string' ? outcomes : outcomes[values]
    const { cache } = createTestCache({ values })
    const sets = () => cache.global.sync.set('set', make())
    expect(sets).not.toThrow()
    const value = make()
    expect(await cache.global.getOrSet('loaded', () => value)).toBe(value)
    expect(cache.global.sync.getOrSet('sync', () => value)).toBe(value)
    for (const key of ['set', 'loaded', 'sync']) {
      const found = await cache.global.lookup(key)
      expect(found.hit).toBe(outcome === 'kept')
      if (found.hit) expect(found.value).toEqual(make())
    }
    expect(cache.stats()).toMatchObject(outcome === 'kept' ? { entries: 3, bypasses: 0 } : { entries: 0, bypasses: 3 })
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
  })
})

describe('a cached null or undefined', () => {
  it('is a hit, told from nothing by lookup', async () => {
    const { cache } = createTestCache()
    for (const value of [null, undefined]) {
      cache.global.sync.set('k', value)
      expect(await cache.global.lookup('k')).toEqual({ hit: true, value, stale: false, age: 0 })
      expect(cache.global.sync.has('k')).toBe(true)
      expect(await cache.global.getOrSet('k', () => 'loaded')).toBe(value)
    }
    expect(await cache.global.lookup('nothing')).toEqual({ hit: false })
  })

  it('stays apart from a value that cannot be kept in its place', () => {
    const { cache } = createTestCache({ values: 'clone' })
    cache.global.sync.set('k', 'old')
    cache.global.sync.set('k', { fn() {} })
    expect(cache.global.sync.has('k')).toBe(false)
  })
})
