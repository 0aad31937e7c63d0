import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/memory/size-of.js'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

describe('the estimated size', () => {
  it.each([
    ['a number', 1, 8],
    ['null', null, 8],
    ['undefined', undefined, 8],
    ['a symbol', Symbol('a'), 8],
    ['a bigint', 7n, 8],
    ['a text, two bytes a character', 'abc', 22],
    ['a function', () => 1, 64],
    ['an empty object', {}, 56],
    ['a field: its name, its slot and its value', { abc: 1 }, 56 + 3 + 8 + 8],
    ['an empty list', [], 16],
    ['a list: two slots a member', [1, 2], 16 + 2 * (8 + 8 + 8)],
    ['a date', new Date(0), 56],
    ['bytes, with all that their view keeps alive', new Uint8Array(new ArrayBuffer(1000), 5, 1), 64 + 1000],
    ['a raw buffer', new ArrayBuffer(1000), 64 + 1000],
    ['a map', new Map([['a', 1]]), 64 + 32 + 2 * 8 + 18 + 8],
    ['a set', new Set(['a']), 64 + 24 + 8 + 18],
  ])('of %s', (_, value, bytes) => {
    expect(sizeOf(value)).toBe(bytes)
  })

  it('grows with everything that a value holds', () => {
    const small = sizeOf({ list: [{ a: 'x' }] }) as number
    expect(sizeOf({ list: [{ a: 'xy' }] })).toBe(small + 2)
    expect(sizeOf({ list: [{ a: 'x' }, {}] })).toBeGreaterThan(small)
    expect(sizeOf({ ['long'.repeat(1000)]: 1 })).toBeGreaterThan(4000)
    expect(sizeOf(new Map([[{ key: 'x'.repeat(1000) }, 1]]))).toBeGreaterThan(2000)
  })

  it('is counted once for what is reached twice, cycles too', () => {
    const shared = 'x'.repeat(5000).split('').map((letter) => ({ letter })) // prettier-ignore
    expect(sizeOf([shared, shared])).toBeLessThan((sizeOf([shared]) as number) + 100)
    const cycle: { self?: object; list: object[] } = { list: [] }
    cycle.self = cycle
    cycle.list.push(cycle, cycle)
    expect(sizeOf(cycle)).toBeLessThan(500)
  })

  it('is the same for few objects and for many', () => {
    const many = (count: number) => Array.from({ length: count }, () => ({ a: 1 }))
    const one = (sizeOf(many(2)) as number) - (sizeOf(many(1)) as number)
    expect(sizeOf(many(1000))).toBe((sizeOf(many(1)) as number) + 999 * one)
  })

  it('cannot be told of a value that is deeper than 200, or throws', () => {
    expect(sizeOf(nested(200))).toBeGreaterThan(200 * 56)
    expect(sizeOf(nested(202))).toBeUndefined()
    expect(sizeOf(nested(100_000))).toBeUndefined()
    expect(sizeOf({ get a() { throw new Error('no') } })).toBeUndefined() // prettier-ignore
    expect(sizeOf({ list: [new Proxy({}, { ownKeys() { throw new Error('no') } })] })).toBeUndefined() // prettier-ignore
  })

  it('takes views of another realm', () => {
    expect(sizeOf(runInNewContext('new Uint8Array(1000)'))).toBe(64 + 1000)
  })
})
