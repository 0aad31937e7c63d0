import { describe, expect, it } from 'vitest'
import { formatHttpDate, parseHttpDate } from '../../../src/http/syntax/http-date.js'

const NOW = Date.UTC(2026, 6, 1)
const INSTANT = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('an HTTP date', () => {
  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
    ['any case', 'SUN, 06 nOV 1994 08:49:37 gmt'],
    ['a wrong weekday, which adds nothing', 'Mon, 06 Nov 1994 08:49:37 GMT'],
  ])('is read in the format of %s', (_, text) => {
    expect(parseHttpDate(text, NOW)).toBe(INSTANT)
  })

  it.each([
    '',
    '0',
    '-1',
    'now',
    '1994-11-06T08:49:37Z',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37 AEST',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08.49.37 GMT',
    'Sun 06 Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-1994 08:49:37 GMT',
    'Sun,  06 Nov 1994 08:49:37 GMT',
    'Sun, 06  Nov 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 32 Oct 1994 08:49:37 GMT',
    'Sun, 29 Feb 2023 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Son, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Now 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994 GMT',
  ])('is nothing else: %j', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined()
  })

  it('has a leap day in leap years only', () => {
    expect(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT', NOW)).toBe(Date.UTC(2024, 1, 29))
    expect(parseHttpDate('Mon, 29 Feb 1900 00:00:00 GMT', NOW)).toBeUndefined()
  })

  it('takes a leap second', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW)).toBe(Date.UTC(2017, 0, 1))
  })

  it('keeps the first century apart from the twentieth', () => {
    expect(new Date(parseHttpDate('Mon, 01 Jan 0094 00:00:00 GMT', NOW) as number).getUTCFullYear()).toBe(94)
  })

  it.each([
    ['76', 2076],
    ['77', 1977],
    ['00', 2000],
    ['26', 2026],
    ['99', 1999],
  ])('reads the two-digit year %s by the fifty-year rule', (year, full) => {
    expect(parseHttpDate(`Monday, 01-Jan-${year} 00:00:00 GMT`, NOW)).toBe(Date.UTC(full, 0, 1))
  })

  it('is written as IMF-fixdate', () => {
    expect(formatHttpDate(INSTANT)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  })
})
