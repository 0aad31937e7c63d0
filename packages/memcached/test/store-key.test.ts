import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storeKey, togetherPart } from '../src/store-key.js'

describe('the key that Memcached gets', () => {
  test('is the key itself where that is short and readable', () => {
    expect(storeKey('shop:v1:{o:1}:k')).toBe('shop:v1:{o:1}:k')
    expect(storeKey('x'.repeat(249))).toBe('x'.repeat(249))
  })

  test('begins readably and is 250 bytes long where the key is longer', () => {
    for (const length of [250, 251, 2000]) {
      const key = storeKey('shop:{org_1}:'.padEnd(length, 'x'))
      expect(key).toHaveLength(250)
      expect(key).toMatch(/^shop:\{org_1\}:x+[\w-]{43}$/)
    }
  })

  test('keeps twins apart: by case, by their last character, by a lone surrogate', () => {
    const long = 'k'.repeat(300)
    const twins = [
      'key',
      'Key',
      `${long}a`,
      `${long}A`,
      `${long}b`,
      'u\ud800',
      'u\ud801',
      'u_',
      'a b',
      'a_b',
      'a\tb',
      'ä',
      'Ã¤',
    ]
    expect(new Set(twins.map(storeKey)).size).toBe(twins.length)
  })

  test('of a key that looks like a digest is another than the digest', () => {
    const digest = storeKey('k'.repeat(300))
    expect(storeKey(digest)).not.toBe(digest)
    expect(storeKey(digest)).toHaveLength(250)
  })

  test('is always one that Memcached takes, and differs wherever keys do', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 240, maxLength: 260 }))
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(storeKey(`p:${one}`)).toMatch(/^[\x21-\x7e]{2,250}$/)
        expect(storeKey(one) === storeKey(other)).toBe(one === other)
      }),
    )
  })
})

test('what decides about the server is the part in braces, where there is one', () => {
  expect(togetherPart('shop:{o:1}:key')).toBe('o:1')
  expect(togetherPart('shop:key')).toBe('shop:key')
  expect(togetherPart('shop:}key{')).toBe('shop:}key{')
})
