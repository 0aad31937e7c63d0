import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { structuredCodec } from '../../src/store/structured-codec.js'
import { SEED } from '../support/seed.js'

/* T-08, T-30, T-34: bytes that nobody wrote, or somebody wrote on purpose. */

const codec = structuredCodec({
  types: [{ name: 'Any', is: () => false, encode: () => undefined, decode: (data) => ({ data }) }],
})

/** A form with its binary parts, as the codec lays it out. */
function form(text: string, parts: Uint8Array = new Uint8Array(0), length?: number): Uint8Array {
  const json = Buffer.from(text)
  const head = Buffer.from([2, 0, 0, 0, 0])
  head.writeUInt32LE(length ?? json.length, 1)
  return Buffer.concat([head, json, parts])
}

function marked(...parts: unknown[]): Uint8Array {
  return form(JSON.stringify(parts))
}

const prototypes = [
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  Uint8Array.prototype,
]
const shape = () => prototypes.flatMap((prototype) => Reflect.ownKeys(prototype)).length
let before: number

beforeEach(() => void (before = shape()))
afterEach(() => {
  expect(shape()).toBe(before)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels)

describe('bytes that the structured codec did not make', () => {
  it.each<[string, Uint8Array]>([
    ['none', new Uint8Array(0)],
    ['no JSON', Buffer.from('{"a":secret}')],
    ['half of a JSON', Buffer.from('{"a":1')],
    ['no UTF-8', Buffer.from([34, 0xc3, 34])],
    ['a mark that does not exist', Uint8Array.of(3)],
    ['a form without a length', Uint8Array.of(2, 0, 0)],
    ['a form of nothing', form('')],
    ['a form shorter than it says', form('1', undefined, 2)],
    ['a form of four gigabytes', form('1', undefined, 2 ** 32 - 1)],
    ['a form with bytes that nothing refers to', form('1', Uint8Array.of(1))],
    ['an unknown mark', marked('~z')],
    ['a mark and more', marked('~data')],
    ['a hole alone', marked('~h')],
    ['a hole as a property', form('{"a":["~h"]}')],
    ['a hole as a key', marked('~m', ['~h'], 1)],
    ['a hole in a set', marked('~s', ['~h'])],
    ['a hole as data of a type', marked('~t', 'Any', ['~h'])],
    ['a date that is a text', marked('~d', '2020')],
    ['a date between two', marked('~d', 0.5)],
    ['a date beyond all', marked('~d', 1e300)],
    ['a date without time', marked('~d')],
    ['a number that is none', marked('~n', '1')],
    ['a number of nothing', marked('~n')],
    ['a bigint in decimals', marked('~i', 'xyz')],
    ['a bigint that is code', marked('~i', '0x1')],
    ['a bigint that is a number', marked('~i', 5)],
    ['a bigint of nothing', marked('~i', '-')],
    ['a map with a key without a value', marked('~m', 1)],
    ['a bare list', marked('~o', [])],
    ['a bare text', marked('~o', 'a')],
    ['a bare nothing', marked('~o', null)],
    ['an expression that is none', marked('~r', '(', '', 0)],
    ['an expression with flags that are none', marked('~r', 'a', 'zz', 0)],
    ['an expression without flags', marked('~r', 'a')],
    ['an expression that stands at a text', marked('~r', 'a', '', 'x')],
    ['an address that is none', marked('~l', 'a')],
    ['an address that is a list', marked('~l', ['http://a/'])],
    ['an unknown type', marked('~t', 'Other', 1)],
    ['a type called like a property of all', marked('~t', '__proto__', 1)],
    ['a type called by a list', marked('~t', ['Any'], 1)],
    ['binary data that is not there', marked('~v', 'Uint8Array', 1)],
    ['binary data of a negative length', marked('~v', 'Uint8Array', -1)],
    ['binary data of half a byte', marked('~v', 'Uint8Array', 0.5)],
    ['binary data of a text', marked('~v', 'Uint8Array', '0')],
    ['binary data of an unknown kind', marked('~v', 'Function', 0)],
    ['binary data of a kind without a name', marked('~v', null, 0)],
    ['binary data that is no whole number of elements', form('["~v","Float64Array",3]', new Uint8Array(3))],
    ['binary data twice', form('[["~v","Uint8Array",2],["~v","Uint8Array",2]]', new Uint8Array(3))],
    ['201 levels of lists', Buffer.from(deep('[', ']', 201))],
    ['201 levels of records', Buffer.from(`${'{"a":'.repeat(201)}1${'}'.repeat(201)}`)],
    ['201 levels behind a shallow part', Buffer.from(`{"a":[1,[2]],"b":${deep('[', ']', 200)}}`)],
    ['a million levels', Buffer.from(deep('[', ']', 1_000_000))],
    ['a million levels in a form', form(deep('[', ']', 1_000_000))],
    ['a million levels where a date is', form(`["~d",${deep('[', ']', 1_000_000)}]`)],
    ['201 levels of maps', form(`${'["~m",1,'.repeat(201)}1${']'.repeat(201)}`)],
    ['201 levels of sets', form(`${'["~s",'.repeat(201)}1${']'.repeat(201)}`)],
    ['201 levels of a type', form(`${'["~t","Any",'.repeat(201)}1${']'.repeat(201)}`)],
    ['201 levels of lists like marks', form(`${'["~a",'.repeat(201)}1${']'.repeat(201)}`)],
    ['201 levels of bare records', form(`${'["~o",{"a":'.repeat(201)}1${'}]'.repeat(201)}`)],
  ])('are no value: %s', (_, bytes) => {
    const began = performance.now()
    expect(() => codec.decode(bytes)).toThrow(
      expect.objectContaining({ name: 'Error', message: 'stored bytes are not what the structured codec makes' }),
    )
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('set no prototype', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    for (const bytes of [
      Buffer.from(text),
      form(text),
      form(`{"__proto__":["~m","polluted",1]}`),
      form(`["~o",${text}]`),
    ]) {
      const value = codec.decode(bytes) as object
      expect(Object.hasOwn(value, '__proto__')).toBe(true)
      expect([Object.prototype, null]).toContain(Object.getPrototypeOf(value))
      expect(isDeepStrictEqual(codec.decode(codec.encode(value) as Uint8Array), value)).toBe(true)
    }
  })

  it('take linear time', () => {
    const digits = form(JSON.stringify(['~i', 'f'.repeat(4_000_000)]))
    const began = performance.now()
    expect(typeof codec.decode(digits)).toBe('bigint')
    expect(performance.now() - began).toBeLessThan(5000)
  })

  const value = {
    a: [undefined, -0, 1n, new Date(5), /x/g, new URL('http://a/')],
    b: new Map<unknown, unknown>([['k', new Set([1, 'é'])]]),
    c: [Buffer.from('bytes'), Float64Array.of(1, 2), ['~d', 1]],
    d: Object.create(null) as object,
  }
  const bytes = codec.encode(value) as Uint8Array
  const reads = (given: Uint8Array) => {
    try {
      codec.decode(given)
    } catch (error) {
      expect((error as Error).message).toBe('stored bytes are not what the structured codec makes')
    }
  }

  it('give an error or a value where a bit is turned, for each of them', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Uint8Array.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      reads(altered)
    }
  })

  it('give an error where the end is missing', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => codec.decode(bytes.subarray(0, length))).toThrow('not what the structured codec makes')
    }
  })

  it(`give an error or a value where they are random (seed ${SEED})`, () => {
    const tail = fc.uint8Array({ maxLength: 60 })
    const json = fc.json().map((text) => form(text))
    const anything = fc.oneof(
      tail,
      tail.map((rest) => Uint8Array.of(2, rest.length, 0, 0, 0, ...rest)),
      json,
    )
    fc.assert(fc.property(anything, reads), { seed: SEED, numRuns: 5000 })
  })
})
