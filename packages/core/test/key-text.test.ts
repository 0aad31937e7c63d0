import { runInNewContext } from 'node:vm'
import { createCache, keyEncoder, type Key } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { KeyEncoders } from '../src/key-encoder.js'
import { checkKey, encodePart, isPlainObject, mapKey } from '../src/key-text.js'

const none = new KeyEncoders()
const badKey = expect.objectContaining({ code: 'ERR_CACHE_KEY' })
const kept = (key: unknown, encoders = none) => mapKey(key as Key, encoders)

class Money {
  constructor(
    readonly cents: number,
    readonly currency = 'EUR',
  ) {}
}
class Discount extends Money {}
class Tags extends Array<string> {}

describe('a key', () => {
  it('that is a text or a number is kept as it is, so that a hit builds nothing', () => {
    expect(kept('invoice:42')).toBe('invoice:42')
    expect(kept(42)).toBe(42)
    expect(kept('')).toBe('')
    expect(kept('e\u0301 / 😀')).toBe('e\u0301 / 😀')
  })

  it('in a list of its own is the same key', () => {
    expect(kept(['invoice'])).toBe('invoice')
    expect(kept([42])).toBe(42)
    expect(kept(['\0'])).toBe(kept('\0'))
  })

  it('of several parts is their text behind a mark', () => {
    expect(kept(['invoice', 42])).toBe('\0(invoice,*42)')
    expect(kept([true, false, null, undefined, ''])).toBe('\0(!t,!f,!n,!u,!e)')
    expect(kept([-0, 1.5, 1e21, 7n, -7n])).toBe('\0(*0,*1.5,*1e+21,*7n,*-7n)')
    expect(kept(['a b', 'ü', "!'()*~"])).toBe('\0(a%20b,%C3%BC,%21%27%28%29%2A%7E)')
    expect(kept([{ b: [1], a: { 'x:y': 'z' } }])).toBe('\0({a:{x%3Ay:z},b:(*1)})')
    expect(kept([new Date(5), new Date(NaN)])).toBe('\0(@Date[5],@Date[NaN])')
    expect(kept([new Map([['k', 1]]), new Set(['m'])])).toBe('\0(@Map[(k,*1)],@Set[m])')
    expect(kept([new Uint8Array([0, 255]), new DataView(new ArrayBuffer(1))])).toBe(
      '\0(#Uint8Array[00ff],#DataView[00])',
    )
  })

  it('is the same whatever the order of fields, members and pairs', () => {
    expect(kept([{ a: 1, b: 2 }])).toBe(kept([{ b: 2, a: 1 }]))
    expect(kept([new Set([1, 'b', 2])])).toBe(kept([new Set([2, 1, 'b'])]))
    expect(kept([new Map([['a', 1], ['b', 2]])])).toBe(kept([new Map([['b', 2], ['a', 1]])])) // prettier-ignore
    expect(kept([['a', 'b']])).not.toBe(kept([['b', 'a']]))
  })

  it('takes the bytes that a view shows, a Buffer like any Uint8Array', () => {
    const shared = Buffer.from('xxabcxx')
    expect(kept([shared.subarray(2, 5)])).toBe(kept([new Uint8Array([97, 98, 99])]))
    expect(kept([Buffer.alloc(1000), 1])).toBe(`\0(#Uint8Array[${'00'.repeat(1000)}],*1)`)
  })

  it('takes plain data and built-ins of another realm, as Jest hands them over', () => {
    const foreign = runInNewContext(
      `['a', { b: new Date(5) }, new Map([['c', new Set([1])]]), new Uint8Array([7]), Object.create(null)]`,
    )
    const own = ['a', { b: new Date(5) }, new Map([['c', new Set([1])]]), new Uint8Array([7]), Object.create(null)]
    expect(kept(foreign)).toBe(kept(own))
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a boolean', true],
    ['a bigint', 7n],
    ['a record', { a: 1 }],
    ['a symbol', Symbol('a')],
    ['a function', () => 'a'],
    ['a lone surrogate in a tuple', ['a', 'u\ud800']],
    ['a lone surrogate in a field name', [{ '\ud800': 1 }]],
    ['a lone surrogate behind the mark', '\0\ud800'],
    ['a symbol in a tuple', ['a', Symbol('a')]],
    ['a function in a tuple', ['a', () => 'a']],
    ['a class instance', ['a', new Money(1)]],
    ['a text object', ['a', Object('a')]],
    ['a regular expression', ['a', /a/]],
    ['an error', ['a', new Error('a')]],
    ['a URL', ['a', new URL('http://a/')]],
    ['a promise', ['a', Promise.resolve(1)]],
    ['a weak map', ['a', new WeakMap()]],
    ['a raw buffer', ['a', new ArrayBuffer(1)]],
    ['what only says that it is a date', ['a', { [Symbol.toStringTag]: 'Date', __proto__: Date.prototype }]],
    ['what only says that it is a map', ['a', Object.create(Map.prototype)]],
    ['what only says that it is a set', ['a', Object.create(Set.prototype)]],
    ['an instance whose prototype has none', ['a', Object.create(Object.create(null))]],
  ])('is refused: %s', (_, key) => {
    expect(() => kept(key)).toThrow(badKey)
  })

  it('with a cycle, or deeper than 32, is refused', () => {
    const cycle: unknown[] = ['a']
    cycle.push(cycle)
    expect(() => kept(cycle)).toThrow(badKey)
    const nested = (depth: number): unknown => (depth === 0 ? 'leaf' : [nested(depth - 1), 1])
    expect(kept(nested(33))).toMatch(/leaf/)
    expect(() => kept(nested(34))).toThrow(badKey)
    expect(() => kept([{ a: [new Map([['b', nested(34)]])] }])).toThrow(badKey)
  })

  it('above 8 KiB is not kept', () => {
    expect(kept('x'.repeat(8192))).toBe('x'.repeat(8192))
    expect(kept('x'.repeat(8193))).toBeUndefined()
    expect(kept(`\0${'x'.repeat(8189)}`)).toBe(`\0%00${'x'.repeat(8189)}`)
    expect(kept(`\0${'x'.repeat(8190)}`)).toBeUndefined()
    expect(kept(['a', 'x'.repeat(8188)])).toMatch(/^\0\(a,x+\)$/)
    expect(kept(['a', 'x'.repeat(8189)])).toBeUndefined()
    expect(kept(Array.from({ length: 100_000 }, (_, at) => at))).toBeUndefined()
  })

  it('that is ill-formed is refused where it would be stored', () => {
    expect(() => checkKey('u\ud800')).toThrow(badKey)
    expect(checkKey('u😀')).toBeUndefined()
    expect(checkKey(42)).toBeUndefined()
    expect(() => encodePart('u\udc00')).toThrow(badKey)
  })

  it('is never shown by the error', () => {
    expect(() => kept(['a', new Money(1, 'secret')])).toThrow(/^((?!secret).)*$/s)
  })
})

describe('a key in a cache', () => {
  const cache = createCache()

  it.each([['u\ud800'], ['u\udfff']])('%j with a lone surrogate is refused by every operation', async (key) => {
    const { sync } = cache.global
    expect(() => sync.get(key)).toThrow(badKey)
    expect(() => sync.set(key, 1)).toThrow(badKey)
    expect(() => sync.has(key)).toThrow(badKey)
    expect(() => sync.delete(key)).toThrow(badKey)
    expect(() => sync.getOrSet(key, () => 1)).toThrow(badKey)
    await expect(cache.global.get(key)).rejects.toThrow(badKey)
    await expect(cache.global.set(key, 1)).rejects.toThrow(badKey)
    await expect(cache.global.getOrSet(key, () => 1)).rejects.toThrow(badKey)
    await expect(cache.global.delete(key)).rejects.toThrow(badKey)
    await expect(cache.global.lookup(key)).rejects.toThrow(badKey)
  })

  it('above 8 KiB runs the loader and is counted', async () => {
    const cache = createCache()
    const key = 'x'.repeat(9000)
    cache.global.sync.set(key, 1)
    expect(cache.global.sync.get(key)).toBeUndefined()
    expect(await cache.global.getOrSet(key, () => 2)).toBe(2)
    expect(await cache.global.delete(key)).toBe(false)
    expect(cache.global.sync.delete(key)).toBe(false)
    expect(cache.stats()).toMatchObject({ entries: 0, bypasses: 2, deletes: 0 })
  })
})

describe('a key encoder', () => {
  const money = keyEncoder('Money', Money, ({ cents, currency }) => [cents, currency])

  it('tells instances of its class, and of subclasses, apart', () => {
    const encoders = new KeyEncoders([money])
    expect(kept(['a', new Money(5)], encoders)).toBe('\0(a,Money((*5,EUR)))')
    expect(kept(['a', new Discount(5)], encoders)).toBe(kept(['a', new Money(5)], encoders))
    expect(kept(['a', new Money(5, 'USD')], encoders)).not.toBe(kept(['a', new Money(5)], encoders))
    expect(() => kept(['a', new URL('http://a/')], encoders)).toThrow(badKey)
  })

  it('comes before what its class extends', () => {
    const encoders = new KeyEncoders([keyEncoder('Tags', Tags, (tags) => tags.join('+'))])
    expect(kept(['a', Tags.from(['b', 'c'])], encoders)).toBe('\0(a,Tags(b%2Bc))')
    expect(kept(['a', Tags.from(['b', 'c'])])).toBe('\0(a,(b,c))')
  })

  it('that gives its instance back is refused', () => {
    expect(() => kept(['a', new Money(5)], new KeyEncoders([keyEncoder('Money', Money, (same) => same)]))).toThrow(
      badKey,
    )
  })

  it.each(['', '1a', 'a b', 'a(b', 'é'])('is not called %j', (name) => {
    expect(() => keyEncoder(name, Money, () => 1)).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'keyEncoders.name' }),
    )
  })

  it.each(['Money', {}, [undefined], [Money], [{ name: 'Money', type: Money }]])(
    'is made by keyEncoder(), not %o',
    (encoders) => {
      expect(() => createCache({ keyEncoders: encoders as never })).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'keyEncoders' }),
      )
    },
  )

  it('has a name of its own', () => {
    expect(() => createCache({ keyEncoders: [money, keyEncoder('Money', Tags, () => 1)] })).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'keyEncoders' }),
    )
  })
})

describe('isPlainObject', () => {
  it.each([
    [{}, true],
    [Object.create(null), true],
    [runInNewContext('({})'), true],
    [[], false],
    [new Money(1), false],
    [Object.create({}), false],
    [Object.create(Object.create(null)), false],
    [new Map(), false],
  ])('%o: %s', (value: object, plain) => {
    expect(isPlainObject(value)).toBe(plain)
  })
})
