import { describe, expect, it } from 'vitest'
import type { BypassReason, ScopedCache, ValuesMode } from '@cacheado/core'
import { createCache } from '@cacheado/core'
import { testCache } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

interface Nested {
  list: { n: number }[]
  deep: { deeper: { n: number } }
}

const nested = (): Nested => ({ list: [{ n: 1 }], deep: { deeper: { n: 1 } } })

/** Tries to change a value where it lies deepest; whether that was refused. */
function mutate(value: Nested): boolean {
  try {
    value.list.push({ n: 2 })
    value.deep.deeper.n = 2
    return false
  } catch {
    return true
  }
}

/** Every way in which a value leaves the cache, or has entered it. */
const HOLDERS: Record<string, (cache: ScopedCache) => Promise<Nested>> = {
  'who set it': async (cache) => {
    const value = nested()
    await cache.global.set('k', value)
    return value
  },
  'who loaded it': (cache) => cache.global.getOrSet('k', nested),
  'who waited for the load': async (cache) => {
    const hand = handLoader<Nested>()
    const [, follower] = [cache.global.getOrSet('k', hand.load), cache.global.getOrSet('k', hand.load)]
    hand.run(0).resolve(nested())
    return follower
  },
  'who hit it': async (cache) => {
    await cache.global.set('k', nested())
    return cache.global.getOrSet('k', nested)
  },
  'who got it': async (cache) => {
    await cache.global.set('k', nested())
    return (await cache.global.get<Nested>('k')) as Nested
  },
  'who looked it up': async (cache) => {
    await cache.global.set('k', nested())
    const found = await cache.global.lookup<Nested>('k')
    return found.hit ? found.value : nested()
  },
  'who got it synchronously': async (cache) => {
    cache.global.sync.set('k', nested())
    return cache.global.sync.get<Nested>('k') as Nested
  },
  'who loaded it synchronously': async (cache) => cache.global.sync.getOrSet('k', nested),
  'who hit it synchronously': async (cache) => {
    cache.global.sync.set('k', nested())
    return cache.global.sync.getOrSet('k', nested)
  },
  'who loaded many': async (cache) => (await cache.global.getOrSetMany(['k'], () => [nested()]))[0] as Nested,
  'a loader that saw what it replaces': async (cache) => {
    await cache.global.set('k', nested())
    let seen = nested()
    const failing = cache.global.getOrSet<Nested>(
      'k',
      ({ previous }) => ((seen = previous?.value ?? seen), Promise.reject(new Error('no'))),
      { refresh: true },
    )
    await failing.catch(() => {})
    return seen
  },
}

describe.each(Object.entries(HOLDERS))('%s', (_name, hold) => {
  it('cannot change what later readers get: freeze makes the attempt fail', async () => {
    const { cache } = testCache({ values: 'freeze' })
    expect(mutate(await hold(cache))).toBe(true)
    expect(await cache.global.get('k')).toEqual(nested())
  })

  it('cannot change what later readers get: clone gives everybody a copy', async () => {
    const { cache } = testCache({ values: 'clone' })
    expect(mutate(await hold(cache))).toBe(false)
    expect(await cache.global.get('k')).toEqual(nested())
  })

  it('has the very object where values are shared', async () => {
    const { cache } = testCache({ values: 'share' })
    const value = await hold(cache)
    expect(await cache.global.get('k')).toBe(value)
    expect(cache.global.sync.get('k')).toBe(value)
  })
})

describe('values: freeze', () => {
  it('leaves alone what is no plain object and no array', async () => {
    const { cache } = testCache({ values: 'freeze' })
    class Money {
      constructor(public cents: number) {}
    }
    const value = {
      date: new Date(0),
      map: new Map([['a', { n: 1 }]]),
      money: new Money(1),
      bytes: new Uint8Array(2),
      buffer: Buffer.from('a'),
    }
    await cache.global.set('k', value)
    expect(await cache.global.get('k')).toBe(value)
    expect(Object.isFrozen(value)).toBe(true)
    value.money.cents = 2
    value.bytes[0] = 1
    value.map.set('b', { n: 2 })
  })

  it('goes down into what was frozen before, into cycles and into depth', async () => {
    const { cache } = testCache({ values: 'freeze' })
    const inner = { n: 1 }
    const loop: { self?: unknown; inner: object } = { inner }
    loop.self = loop
    await cache.global.set('frozen', Object.freeze({ loop }))
    expect(Object.isFrozen(inner)).toBe(true)
    let deep: object = {}
    const deepest = deep
    for (let depth = 0; depth < 100_000; depth++) deep = { deep }
    await cache.global.set('deep', deep)
    expect(Object.isFrozen(deepest)).toBe(true)
  })

  it('is the default outside of production, and share in it', async () => {
    const before = process.env['NODE_ENV']
    const frozen = async () => {
      const cache = createCache()
      const value = await cache.global.getOrSet('k', () => ({}))
      await cache.close()
      return Object.isFrozen(value)
    }
    try {
      process.env['NODE_ENV'] = 'production'
      expect(await frozen()).toBe(false)
      process.env['NODE_ENV'] = 'development'
      expect(await frozen()).toBe(true)
      delete process.env['NODE_ENV']
      expect(await frozen()).toBe(true)
    } finally {
      process.env['NODE_ENV'] = before
    }
  })
})

describe('values: clone', () => {
  it('gives dates, maps, sets and bytes as copies of their kind', async () => {
    const { cache } = testCache({ values: 'clone' })
    const value = {
      date: new Date(5),
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2]),
    }
    await cache.global.set('k', value)
    value.date.setTime(6)
    value.map.get('a')!.n = 2
    value.bytes[0] = 9
    const read = await cache.global.get<typeof value>('k')
    expect(read).toEqual({
      date: new Date(5),
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2]),
    })
    read?.map.clear()
    read?.set.add(2)
    read?.bytes.fill(7)
    expect(await cache.global.get('k')).toEqual({
      date: new Date(5),
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2]),
    })
  })

  it('gives a value that cannot be cloned to its caller and keeps nothing, not even what was there', async () => {
    const { cache } = testCache({ values: 'clone' })
    const reasons: BypassReason[] = []
    cache.on('bypass', ({ reason }) => reasons.push(reason))
    const value = { method: () => 1 }
    await cache.global.set('k', 'old')
    await cache.global.set('k', value)
    expect(await cache.global.has('k')).toBe(false)
    expect(await cache.global.getOrSet('k', () => value)).toBe(value)
    expect(cache.global.sync.getOrSet('k', () => value)).toBe(value)
    expect(await cache.global.has('k')).toBe(false)
    expect(reasons).toEqual(['value-refused', 'value-refused', 'value-refused'])
  })

  it('refuses any other mode', () => {
    expect(() => createCache({ values: 'copy' as never })).toThrow(expect.objectContaining({ option: 'values' }))
  })
})

/** What a value is after it went in and came out, by mode: kept, or refused and only given to its caller. */
const TABLE: [string, () => unknown, { share: boolean; freeze: boolean; clone: boolean }][] = [
  ['undefined', () => undefined, { share: true, freeze: true, clone: true }],
  ['null', () => null, { share: true, freeze: true, clone: true }],
  ['NaN', () => NaN, { share: true, freeze: true, clone: true }],
  ['-0', () => -0, { share: true, freeze: true, clone: true }],
  ['Infinity', () => Infinity, { share: true, freeze: true, clone: true }],
  ['a bigint', () => 2n ** 70n, { share: true, freeze: true, clone: true }],
  ['an empty text', () => '', { share: true, freeze: true, clone: true }],
  ['half of a surrogate pair', () => '\ud800', { share: true, freeze: true, clone: true }],
  ['a date', () => new Date(0), { share: true, freeze: true, clone: true }],
  ['an invalid date', () => new Date(NaN), { share: true, freeze: true, clone: true }],
  ['a map', () => new Map([[{ a: 1 }, new Set([1])]]), { share: true, freeze: true, clone: true }],
  ['a set', () => new Set([NaN, null]), { share: true, freeze: true, clone: true }],
  ['bytes', () => new Uint8Array([1, 2, 3]), { share: true, freeze: true, clone: true }],
  ['an ArrayBuffer', () => new ArrayBuffer(8), { share: true, freeze: true, clone: true }],
  ['a regular expression', () => /a/g, { share: true, freeze: true, clone: true }],
  ['an error', () => new Error('kept as a value'), { share: true, freeze: true, clone: true }],
  ['a list with holes', () => [1, , 3], { share: true, freeze: true, clone: true }], // eslint-disable-line no-sparse-arrays
  [
    'an object without prototype',
    () => Object.assign(Object.create(null), { a: 1 }),
    { share: true, freeze: true, clone: true },
  ],
  ['an own __proto__', () => JSON.parse('{"__proto__":{"polluted":true}}'), { share: true, freeze: true, clone: true }],
  [
    '100,000 keys',
    () => Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
    { share: true, freeze: true, clone: true },
  ],
  ['a cycle', cycle, { share: true, freeze: true, clone: true }],
  ['depth 150', () => nest(150), { share: true, freeze: true, clone: true }],
  ['depth 10,000', () => nest(10_000), { share: false, freeze: false, clone: false }],
  ['depth 1,000,000', () => nest(1_000_000), { share: false, freeze: false, clone: false }],
  ['a function', () => () => 1, { share: true, freeze: true, clone: true }],
  ['a symbol', () => Symbol('s'), { share: true, freeze: true, clone: true }],
  ['an object with a function', () => ({ f: () => 1 }), { share: true, freeze: true, clone: false }],
  ['a getter that throws', throwing, { share: false, freeze: false, clone: false }],
  ['a proxy that throws', hostileProxy, { share: false, freeze: false, clone: false }],
  ['more bytes than there is room for', () => 'x'.repeat(40_000_000), { share: false, freeze: false, clone: false }],
]

function cycle(): object {
  const loop: { self?: object; list: object[] } = { list: [] }
  loop.self = loop
  loop.list.push(loop)
  return loop
}

function nest(depth: number): object {
  let value: object = {}
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

function throwing(): object {
  return {
    get trap() {
      throw new Error('a getter')
    },
  }
}

function hostileProxy(): object {
  const refuse = () => {
    throw new Error('a trap')
  }
  return new Proxy(
    {},
    { ownKeys: refuse, getPrototypeOf: refuse, get: (_target, name) => (name === 'then' ? undefined : refuse()) },
  )
}

describe.each(TABLE)('%s as a value', (_name, make, kept) => {
  it.each(Object.entries(kept) as [ValuesMode, boolean][])(
    'in mode %s: kept %s, and never a throw from the cache',
    async (values, isKept) => {
      const { cache } = testCache({ values })
      const value = make()
      expect(await cache.global.getOrSet('loaded', () => value)).toBe(value)
      expect(cache.global.sync.getOrSet('sync', () => value)).toBe(value)
      await cache.global.set('set', value)
      for (const key of ['loaded', 'sync', 'set']) {
        const found = await cache.global.lookup(key)
        expect(found.hit).toBe(isKept)
        if (!found.hit) continue
        if (values !== 'clone') expect(found.value).toBe(value)
        else if (typeof value !== 'object') expect(found.value).toBe(value)
        else expect(found.value).toStrictEqual(structuredClone(value))
      }
      expect(await cache.global.getOrSet('loaded', make)).toSatisfy((again) => isKept || typeof again === typeof value)
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    },
  )
})
