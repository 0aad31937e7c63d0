import { createCache } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { byteSize, type ByteSize } from '../../src/memory/byte-size.js'

describe('a byte size', () => {
  it.each([
    [0, 0],
    [1000, 1000],
    [1000.9, 1000],
    [Infinity, Infinity],
    ['12b', 12],
    ['512kb', 524_288],
    ['1.5kb', 1536],
    ['64mb', 67_108_864],
    ['1gb', 1_073_741_824],
  ] as const)('%s is %d bytes', (value, bytes) => {
    expect(byteSize(value, 'maxBytes')).toBe(bytes)
  })

  it.each([-1, NaN, '', 'mb', '64', '64 mb', '64MB', '-1kb', '1e3kb', '64mib', null, [64], 64n, {}])(
    '%s is none',
    (value) => {
      const expected = expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'memory.maxBytes' })
      expect(() => byteSize(value as ByteSize, 'memory.maxBytes')).toThrow(expected)
      expect(() => createCache({ memory: { maxBytes: value as ByteSize } })).toThrow(expected)
    },
  )
})
