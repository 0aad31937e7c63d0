import { expect, test } from 'vitest'
import { expiry } from '../src/expiry.js'

const DAY = 86_400_000

test('a ttl is rounded up to seconds, and lives one tick of the server longer, never shorter', () => {
  expect([1, 999, 1000, 1001, 60_000].map((ttl) => expiry(ttl))).toEqual([2, 2, 2, 3, 61])
})

test('a ttl above what Memcached takes for a span is a point in time', () => {
  const now = 1_800_000_000_400
  expect(expiry(30 * DAY - 1000, now)).toBe(30 * 86_400)
  expect(expiry(30 * DAY, now)).toBe(1_800_000_001 + 30 * 86_400 + 1)
  expect(expiry(60 * DAY, now)).toBe(1_800_000_001 + 60 * 86_400 + 1)
})
