import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, portableCrc32 } from '../../src/store/checksum.js'
import { SEED } from '../support/seed.js'

describe('the checksum', () => {
  it('is the CRC-32 that everybody knows', () => {
    expect(portableCrc32(Buffer.from('123456789'))).toBe(0xcbf43926)
    expect(portableCrc32(new Uint8Array(0))).toBe(0)
  })

  it(`is the same with the platform's help and without (seed ${SEED})`, () => {
    const same = fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(portableCrc32(bytes)).toBe(zlibCrc32(bytes))
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    })
    fc.assert(same, { seed: SEED, numRuns: 1000 })
  })
})
