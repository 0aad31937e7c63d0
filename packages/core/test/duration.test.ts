import { duration } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { lifetime, MAX_DURATION, milliseconds, type Duration } from '../src/duration.js'

const config = (option: string) => expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option })

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
    ['1.5s', 1500],
    ['0.5ms', 0.5],
    ['100d', 8_640_000_000],
  ] as const)('%s is %d milliseconds', (text, ms) => {
    expect(duration(text)).toBe(ms)
    expect(milliseconds(text, 'ttl')).toBe(ms)
  })

  it.each([
    '',
    '5',
    'm',
    '5 m',
    ' 5m',
    '5m ',
    '-5m',
    '+5m',
    '5M',
    '5min',
    '.5s',
    '5.s',
    '1e3s',
    '0x5s',
    '5m5s',
    '٥m',
    'max',
  ])('%j is none', (text) => {
    expect(() => duration(text)).toThrow(config('duration'))
    expect(() => duration(text, 'server.ttl')).toThrow(config('server.ttl'))
    expect(() => milliseconds(text as Duration, 'ttl')).toThrow(config('ttl'))
  })

  it.each([0, 1, 0.25, 5000, 1e15])('%d milliseconds are taken as they are', (ms) => {
    expect(milliseconds(ms, 'ttl')).toBe(ms)
  })

  it.each([NaN, -1, Infinity, -Infinity, null, {}, [5], true, 5n, `${'9'.repeat(400)}d`])(
    '%s is refused (R-34)',
    (value) => {
      expect(() => milliseconds(value as Duration, 'ttl')).toThrow(config('ttl'))
    },
  )
})

describe('a lifetime', () => {
  it('is at least a millisecond and at most 30 days', () => {
    expect(lifetime('0.2ms', 'ttl')).toBe(1)
    expect(lifetime(1, 'ttl')).toBe(1)
    expect(lifetime('30d', 'ttl')).toBe(MAX_DURATION)
    expect(lifetime('31d', 'ttl')).toBe(MAX_DURATION)
    expect(lifetime(Number.MAX_SAFE_INTEGER, 'ttl')).toBe(MAX_DURATION)
    expect(lifetime('max', 'ttl')).toBe(2_592_000_000)
  })

  it.each([0, '0s', -1, NaN, Infinity, 'soon'])('%s is refused', (value) => {
    expect(() => lifetime(value as Duration, 'namespace(x).ttl')).toThrow(config('namespace(x).ttl'))
  })
})
