import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowKey } from '../src/row-key.js'
import { rowText, valueOf } from '../src/row-text.js'

describe('the key that an adapter gets', () => {
  test('is readable, and in small letters', () => {
    expect(rowKey('shop:v1:{o:1}:Key')).toBe('shop:v1:{o:1}:^key')
  })

  test('keeps twins apart even where the database does not tell capitals', () => {
    const long = 'k'.repeat(300)
    const digest = rowKey(long)
    const twins = [
      'key',
      'Key',
      'KEY',
      '^key',
      '^^key',
      long,
      `${long}A`,
      `${long}a`,
      digest,
      'u\ud800',
      'u\ud801',
      'u_',
      'ä',
      'Ä',
    ]
    expect(new Set(twins.map((twin) => rowKey(twin).toLowerCase())).size).toBe(twins.length)
  })

  test('is short printable text, and differs wherever keys do', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 230, maxLength: 260 }))
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(rowKey(`p:${one}`)).toMatch(/^[\x21-\x40\x5b-\x7e]{2,250}$/)
        expect(rowKey(one) === rowKey(other)).toBe(one === other)
      }),
    )
  })
})

describe('the text that an adapter gets', () => {
  test('brings back every byte until its time is over', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 4e12 }), (value, expires) => {
        expect(valueOf(rowText(value, expires), expires - 1)).toEqual(value)
        expect(valueOf(rowText(value, expires), expires)).toBeUndefined()
      }),
    )
  })

  test.each(['', 'text', '{"value":1}', 'zz.!', 7, { value: 1 }, true, Buffer.from('bytes')])(
    'that another writer replaced by %o is something, and nothing of ours',
    (row) => {
      expect(valueOf(row)).toEqual(new Uint8Array())
    },
  )
})
