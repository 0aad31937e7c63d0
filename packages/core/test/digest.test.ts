import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { digest, portableDigest } from '../src/digest.js'
import { SEED } from './support/seed.js'

const nodes = (text: string) => createHash('sha256').update(text, 'utf8').digest('base64url')

afterEach(() => void vi.unstubAllGlobals())

describe('the digest', () => {
  it('is SHA-256 in base64url, 43 characters of it', () => {
    // FIPS 180-4, the examples of NIST.
    expect(digest('abc')).toBe(
      Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex').toString('base64url'),
    )
    expect(portableDigest('')).toBe(
      Buffer.from('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex').toString('base64url'),
    )
    expect(digest('x')).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('is the same without the platform, for every length around its blocks', () => {
    for (let length = 0; length < 260; length++) {
      const text = 'aé€'.repeat(length).slice(0, length)
      expect(portableDigest(text)).toBe(nodes(text))
    }
    expect(portableDigest('😀'.repeat(100_000))).toBe(nodes('😀'.repeat(100_000)))
  })

  it(`is the same without the platform, for random texts (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => portableDigest(text) === nodes(text)),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it('takes the portable way where the platform has no modules', () => {
    vi.stubGlobal('process', undefined)
    expect(digest('user_456')).toBe(nodes('user_456'))
  })
})
