import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TypeCodec } from '../../src/store/codec.js'
import { structuredCodec } from '../../src/store/structured-codec.js'
import { SEED } from '../support/seed.js'

/* T-34: what a value comes back as, or that it is not stored; encode never throws. */

const codec = structuredCodec()

function roundTrip(value: unknown, by = codec): unknown {
  const bytes = by.encode(value)
  if (!bytes) throw new Error('not stored')
  return by.decode(bytes)
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { value }
  return value
}

function holes(): unknown[] {
  const list = [1, undefined, 2, 3]
  Reflect.deleteProperty(list, 2)
  return list
}

const proto = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":"a"}') as unknown
const binary = Uint8Array.of(0, 1, 127, 128, 255, 2, 3, 4)

describe('the structured codec keeps', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['booleans', [true, false]],
    ['texts', ['', 'a', 'é', '日本', '\u{1f600}', '\u0000', '\ufeffa', '"\\\n']],
    ['a text alone', '\ufeff~a'],
    ['lone surrogates', { '\ud800': '\udc00', list: ['a\ud801', '\udfff'] }],
    ['lone surrogates beside special values', { '\ud800': '\udc00', at: new Date(5) }],
    ['numbers', [0, 1, -1, 1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER]],
    ['special numbers', [Number.NaN, Infinity, -Infinity, -0, { a: -0 }]],
    ['-0 alone', -0],
    ['NaN alone', Number.NaN],
    ['bigints', [0n, 1n, -1n, 255n, -(2n ** 200n), { a: 10n ** 50n }]],
    ['undefined as a property and an element', { a: undefined, b: [undefined] }],
    ['holes', holes()],
    ['a list of nothing but holes', new Array(3)],
    ['dates', [new Date(0), new Date(-1), new Date(8.64e15), { at: new Date('2024-02-29T12:00:00.123Z') }]],
    [
      'maps',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, [2]],
        [['x'], new Map([[1, undefined]])],
        [undefined, -0],
      ]),
    ],
    ['sets', new Set<unknown>([1, 'a', new Set([null]), new Date(5), Number.NaN])],
    ['expressions', [/a/, /[~"\\]\/\n/giu, new RegExp('')]],
    ['records without a prototype', Object.assign(Object.create(null) as object, { a: [1], b: new Date(1) })],
    ['an empty record without a prototype', Object.create(null)],
    ['Uint8Array alone', binary],
    ['Buffer alone', Buffer.from(binary)],
    ['an empty Uint8Array', new Uint8Array(0)],
    ['an empty Buffer', Buffer.alloc(0)],
    ['a view of a part', new Uint8Array(binary.buffer, 2, 3)],
    ['nested binary data', { a: binary, b: [Buffer.from('abc'), new Uint8Array(0)], c: { d: Buffer.from('é') } }],
    ['array buffers', [Uint8Array.from(binary).buffer, new ArrayBuffer(0)]],
    [
      'typed arrays',
      [
        new DataView(Uint8Array.from(binary).buffer, 1, 5),
        Int8Array.from([-1]),
        Uint8ClampedArray.from([300]),
        Int16Array.from([-2]),
        Uint16Array.from([65535]),
        Int32Array.from([-3]),
        Uint32Array.from([2 ** 32 - 1]),
        Float32Array.from([0.5, Number.NaN]),
        Float64Array.from([-0, 1e300]),
        BigInt64Array.from([-1n]),
        BigUint64Array.from([1n]),
      ],
    ],
    ['a response', { status: 200, headers: ['content-type', 'text/html'], body: Buffer.from('<p>é</p>') }],
    ['own properties called like prototypes', proto],
    ['those beside special values', { proto, at: new Date(1) }],
    ['what looks like a mark', ['~d', 5]],
    ['what looks like a mark beside special values', [['~d', 5], ['~a', ['~u']], ['~'], { '~d': ['~h'] }, new Date(5)]],
    ['a map of what looks like marks', new Map([[['~a'], ['~m', 1]]])],
    ['keys that are numbers', { 2: binary, 1: Buffer.from('b'), a: new Date(1), 0: 1n }],
    ['200 levels', nested(200)],
    ['200 levels of maps', Array.from({ length: 200 }).reduce((inner) => new Map([[1, inner]]), 1)],
    ['100,000 properties', Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`key${at}`, at]))],
    ['100,000 elements with special ones', Array.from({ length: 100_000 }, (_, at) => (at % 1000 ? at : undefined))],
  ])('%s', (_, value) => {
    const again = roundTrip(value)
    expect(again).toStrictEqual(value)
    expect(isDeepStrictEqual(again, value)).toBe(true)
  })

  it('invalid dates', () => {
    const [date] = roundTrip([new Date(Number.NaN)]) as [Date]
    expect(date).toBeInstanceOf(Date)
    expect(date.getTime()).toBeNaN()
  })

  it('where an expression stands', () => {
    const expression = /a/g
    expression.lastIndex = 7
    expect((roundTrip(expression) as RegExp).lastIndex).toBe(7)
  })

  it('addresses', () => {
    const url = roundTrip({ url: new URL('https://a.example/é?q=1#x') }) as { url: URL }
    expect(url.url).toBeInstanceOf(URL)
    expect(url.url.href).toBe('https://a.example/%C3%A9?q=1#x')
  })

  it('objects that are referred to twice, each as its own', () => {
    const shared = { at: new Date(1) }
    const again = roundTrip([shared, shared]) as object[]
    expect(again).toStrictEqual([shared, shared])
    expect(again[0]).not.toBe(again[1])
  })

  it('what another realm made, as what this one makes', () => {
    const foreign = runInNewContext(
      `({ a: [1, , undefined], b: new Date(5), c: new Map([[1, new Set([2])]]), d: /x/g,
          e: new Uint8Array([1]), f: new Float64Array([0.5]), g: new ArrayBuffer(2), h: new DataView(new ArrayBuffer(1)) })`,
    ) as unknown
    const a = [1, 2, undefined]
    Reflect.deleteProperty(a, 1)
    expect(roundTrip(foreign)).toStrictEqual({
      a,
      b: new Date(5),
      c: new Map([[1, new Set([2])]]),
      d: /x/g,
      e: new Uint8Array([1]),
      f: new Float64Array([0.5]),
      g: new ArrayBuffer(2),
      h: new DataView(new ArrayBuffer(1)),
    })
    expect(roundTrip(runInNewContext('new Uint8Array([1, 2])'))).toStrictEqual(Uint8Array.of(1, 2))
  })

  it('of records the enumerable properties under a text, of lists the elements', () => {
    const record = Object.defineProperty({ a: 1, [Symbol('b')]: 2 }, 'hidden', { value: 3 })
    const match = /b/.exec('abc') as RegExpExecArray
    expect(roundTrip([record, match])).toStrictEqual([{ a: 1 }, ['b']])
  })

  it('what getters give', () => {
    const record = {
      get at() {
        return new Date(5)
      },
    }
    expect(roundTrip(record)).toStrictEqual({ at: new Date(5) })
  })

  it(`any mixture of these (seed ${SEED})`, () => {
    const special = fc.oneof(
      fc.constantFrom<unknown>(undefined, Number.NaN, Infinity, -Infinity, -0, null, true, '~a', '~v', '__proto__'),
      fc.date({ noInvalidDate: true }),
      fc.bigInt(),
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.float64Array({ maxLength: 4 }),
      fc.double(),
      fc.string({ unit: 'binary' }),
    )
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '~a', '0', '1', 'length', 'then'))
    const record = (value: fc.Arbitrary<unknown>) =>
      fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs))
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        special,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.sparseArray(tie('value'), { maxNumElements: 3, maxLength: 6 }),
        record(tie('value')),
        record(tie('value')).map((made) => Object.setPrototypeOf(made, null) as object),
        fc.array(fc.tuple(special, tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        fc.array(special, { maxLength: 4 }).map((parts) => new Set(parts)),
      ),
    }))
    const keeps = fc.property(value, (given) => isDeepStrictEqual(roundTrip(given), given))
    fc.assert(keeps, { seed: SEED, numRuns: 5000 })
  })
})

describe('the structured codec does not store', () => {
  class Money {
    cents = 1
  }
  class Prices extends Map {}
  class Bytes extends Uint8Array {}
  class Tags extends Array {}
  const cycle: { self?: unknown; also?: unknown } = {}
  cycle.self = cycle
  cycle.also = [cycle]
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const expression = /a/g
  Object.assign(expression, { lastIndex: Number.NaN })
  const doubled = Array.from({ length: 40 }).reduce((inner) => [inner, inner], 'x')

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a function inside', { a: [() => 1] }],
    ['a class', Money],
    ['a symbol', Symbol('a')],
    ['a symbol inside', [Symbol.iterator]],
    ['a cycle', cycle],
    ['a cycle through a map', new Map([[1, cycle]])],
    ['201 levels', nested(201)],
    ['10,000 levels', nested(10_000)],
    ['1,000,000 levels', nested(1_000_000)],
    ['an instance of a class', new Money()],
    ['an instance inside', [{ price: new Money() }]],
    ['an instance of a class that extends maps', new Prices()],
    ['an instance of a class that extends bytes', new Bytes(2)],
    ['the same inside', [new Bytes(2)]],
    ['an instance of a class that extends lists', Tags.from([1])],
    ['a record that inherits another', Object.create({ a: 1 })],
    ['an error', new Error('a')],
    ['a promise', Promise.resolve(1)],
    ['a promise inside', { later: Promise.resolve(1) }],
    ['a weak map', new WeakMap()],
    ['a weak reference', new WeakRef({})],
    ['a generator', (function* () {})()],
    ['a boxed text', new String('a')],
    ['shared memory', new SharedArrayBuffer(2)],
    ['what only says that it is a map', Object.create(Map.prototype)],
    ['what only says that it is a date', Object.assign(Object.create({}) as object, { [Symbol.toStringTag]: 'Date' })],
    ['a revoked proxy', revoked.proxy],
    [
      'a proxy that throws',
      new Proxy(
        { a: 1 },
        {
          get: () => {
            throw new Error('no')
          },
        },
      ),
    ],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no')
        },
      },
    ],
    ['what writes itself as JSON', { toJSON: () => 1 }],
    ['what does so out of sight', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 1 })],
    ['a list that does so', Object.assign([1], { toJSON: () => 1 })],
    ['an expression that stands nowhere', expression],
    ['few objects that mean a value without end', doubled],
    ['a long text in many places', Array.from({ length: 100 }, () => 'x'.repeat(100_000))],
    ['the longest list without elements', new Array(4_294_967_295)],
    ['more than 8 MiB of text', 'é'.repeat(5 * 1024 * 1024)],
    ['more than 8 MiB of bytes', new Uint8Array(8 * 1024 * 1024)],
    ['the same inside', { body: new Uint8Array(9 * 1024 * 1024) }],
  ])('%s', (_, value) => {
    const began = performance.now()
    expect(codec.encode(value)).toBeUndefined()
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('the structured codec', () => {
  it('writes what JSON keeps as JSON', () => {
    const value = { a: [1, 'é', null, true], b: { c: -1.5 } }
    expect(Buffer.from(codec.encode(value) as Uint8Array).toString()).toBe(JSON.stringify(value))
  })

  it('reads what JSON keeps wherever the bytes stand', () => {
    const bytes = Buffer.from(`xx${JSON.stringify({ a: 'é' })}yy`)
    expect(codec.decode(bytes.subarray(2, -2))).toEqual({ a: 'é' })
    expect(codec.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, bytes.length - 4))).toEqual({ a: 'é' })
  })

  it('carries binary data as it is', () => {
    const body = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256))
    const bytes = Buffer.from(codec.encode({ status: 200, body }) as Uint8Array)
    expect(bytes.includes(body)).toBe(true)
    expect(bytes.length).toBeLessThan(body.length + 60)
    expect(codec.encode(body)).toHaveLength(1001)
  })

  it('gives binary data memory of its own', () => {
    const value = { body: Buffer.from('abc'), raw: Uint8Array.of(1) }
    const bytes = codec.encode(value) as Uint8Array
    bytes.slice().fill(0)
    const [first, second] = [codec.decode(bytes), codec.decode(bytes)] as [typeof value, typeof value]
    first.body.fill(0)
    bytes.fill(0)
    expect(second).toStrictEqual(value)
    expect(second.body.buffer.byteLength).toBe(3)
    const alone = codec.decode(codec.encode(Buffer.from('abc')) as Uint8Array) as Buffer
    expect(alone.buffer.byteLength).toBe(3)
  })

  it('leaves the value as it is', () => {
    const value = { list: ['~a', undefined, new Date(1)], map: new Map([[1, { a: -0 }]]) }
    const before = structuredClone(value)
    codec.encode(value)
    expect(value).toStrictEqual(before)
  })
})

describe('a type codec', () => {
  class Money {
    constructor(
      readonly cents: bigint,
      readonly stamp: Uint8Array,
    ) {}
  }
  class Prices extends Map<string, number> {}
  class Tags extends Array<string> {}
  class Bytes extends Uint8Array {}
  const type = <T extends object>(
    name: string,
    of: new (...args: never[]) => T,
    encode: (value: T) => unknown,
    decode: (data: never) => unknown,
  ) => ({ name, is: (value: object) => value instanceof of, encode, decode }) as TypeCodec
  const money = type(
    'Money',
    Money,
    ({ cents, stamp }) => [cents, stamp],
    ([cents, stamp]: [bigint, Uint8Array]) => new Money(cents, stamp),
  )
  const types = [
    money,
    type(
      'Prices',
      Prices,
      (prices) => [...prices],
      (pairs: [string, number][]) => new Prices(pairs),
    ),
    type(
      '__proto__',
      Tags,
      (tags) => [...tags],
      (tags: string[]) => Tags.from(tags),
    ),
    type(
      'Bytes',
      Bytes,
      (bytes) => Buffer.from(bytes),
      (bytes: Buffer) => new Bytes(bytes),
    ),
    type(
      'Error',
      Error,
      ({ message }) => message,
      (message: string) => new Error(message),
    ),
  ]
  const typed = structuredCodec({ types })

  it.each<[string, unknown]>([
    ['instances', new Money(5n, Uint8Array.of(1, 2))],
    [
      'instances inside',
      { a: [new Money(5n, Uint8Array.of(1))], b: new Map([['a', new Money(-1n, new Uint8Array(0))]]) },
    ],
    ['instances of what extends a built-in', [new Prices([['a', 1]]), Tags.from(['~a', 'b'])]],
    ['instances of what extends bytes, alone', Bytes.of(1, 2)],
    ['errors', [new Error('a')]],
  ])('keeps %s', (_, value) => {
    expect(roundTrip(value, typed)).toStrictEqual(value)
  })

  it('is missed where it is not registered', () => {
    const bytes = typed.encode(new Money(5n, new Uint8Array(0))) as Uint8Array
    expect(() => codec.decode(bytes)).toThrow('not what the structured codec makes')
  })

  it.each<[string, Partial<TypeCodec>]>([
    [
      'throws when asked',
      {
        is: () => {
          throw new Error('secret')
        },
      },
    ],
    [
      'throws when writing',
      {
        encode: () => {
          throw new Error('secret')
        },
      },
    ],
    ['gives the instance back', { encode: (value: never) => value }],
    ['gives what is not data', { encode: () => () => 1 }],
  ])('that %s keeps the value in memory', (_, broken) => {
    expect(
      structuredCodec({ types: [{ ...money, ...broken }] }).encode(new Money(1n, new Uint8Array(0))),
    ).toBeUndefined()
  })

  it('that throws when reading does not show what it says', () => {
    const decode = () => {
      throw new Error('secret')
    }
    const bytes = typed.encode(new Money(5n, new Uint8Array(0))) as Uint8Array
    expect(() => structuredCodec({ types: [{ ...money, decode }] }).decode(bytes)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })

  it.each<[string, unknown]>([
    ['what is no list', {}],
    ['nothing', [undefined]],
    ['null', [null]],
    ['a codec without a name', [{ ...money, name: '' }]],
    ['a codec with a long name', [{ ...money, name: 'x'.repeat(65) }]],
    ['a codec that cannot tell its values', [{ ...money, is: undefined }]],
    ['a codec that cannot write', [{ ...money, encode: undefined }]],
    ['a codec that cannot read', [{ ...money, decode: undefined }]],
    ['two of one name', [money, { ...money }]],
  ])('is not %s', (_, given) => {
    expect(() => structuredCodec({ types: given as never })).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'types' }),
    )
  })
})
