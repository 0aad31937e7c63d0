import { describe, expect, it } from 'vitest'
import { ageOnArrival, lifetimeOf, type FreshnessInput } from '../../../src/http/decide/freshness.js'
import { CacheControl } from '../../../src/http/syntax/cache-control.js'
import { fieldLines, type HeaderFields } from '../../../src/http/syntax/header-fields.js'
import { formatHttpDate } from '../../../src/http/syntax/http-date.js'

const NOW = Date.UTC(2026, 6, 1, 12)
const at = (seconds: number) => formatHttpDate(NOW + seconds * 1000)

function lifetime(fields: HeaderFields, over: Partial<FreshnessInput> = {}): string | undefined {
  const lines = fieldLines(fields)
  const found = lifetimeOf({
    status: 200,
    lines,
    cacheControl: new CacheControl(lines.get('cache-control')),
    shared: true,
    ttl: 0,
    statuses: new Set([200]),
    now: NOW,
    ...over,
  })
  return found && `${found.ms / 1000} by ${found.source}`
}

describe('the lifetime of a response', () => {
  it.each<[HeaderFields, string | undefined]>([
    [[], undefined],
    [
      [
        ['Cache-Control', 's-maxage=1, max-age=2'],
        ['Expires', at(3)],
      ],
      '1 by s-maxage',
    ],
    [
      [
        ['Cache-Control', 'max-age=2'],
        ['Expires', at(3)],
      ],
      '2 by max-age',
    ],
    [[['Expires', at(3)]], '3 by expires'],
    [
      [
        ['Expires', at(3)],
        ['Date', at(-7)],
      ],
      '10 by expires',
    ],
    [[['Expires', at(-3)]], '0 by expires'],
    [[['Expires', '0']], '0 by expires'],
    [[['Expires', '']], '0 by expires'],
    [
      [
        ['Expires', at(3)],
        ['Expires', at(3)],
      ],
      '0 by expires',
    ],
    [
      [
        ['Expires', at(3)],
        ['Date', 'nonsense'],
      ],
      '3 by expires',
    ],
    [[['Cache-Control', 's-maxage=x, max-age=2']], '0 by s-maxage'],
    [
      [
        ['Cache-Control', 'max-age=x'],
        ['Expires', at(3)],
      ],
      '0 by max-age',
    ],
    [[['Last-Modified', at(-100)]], '10 by heuristic'],
    [
      [
        ['Last-Modified', at(-100)],
        ['Date', at(-50)],
      ],
      '5 by heuristic',
    ],
    [[['Last-Modified', at(100)]], '0 by heuristic'],
    [[['Last-Modified', 'nonsense']], undefined],
  ])('%j is %s', (fields, expected) => {
    expect(lifetime(fields)).toBe(expected)
  })

  it('heeds s-maxage in shared caches only', () => {
    expect(lifetime([['Cache-Control', 's-maxage=1, max-age=2']], { shared: false })).toBe('2 by max-age')
    expect(lifetime([['Cache-Control', 's-maxage=1']], { shared: false, ttl: 5000 })).toBe('5 by ttl')
  })

  it('is the route’s ttl for its statuses only, whatever the last modification', () => {
    const silent: HeaderFields = [['Last-Modified', at(-100)]]
    expect(lifetime(silent, { ttl: 5000 })).toBe('5 by ttl')
    expect(lifetime(silent, { ttl: 5000, status: 404 })).toBeUndefined()
    expect(lifetime(silent, { ttl: 5000, status: 404, statuses: new Set([404]) })).toBe('5 by ttl')
    expect(lifetime([['Cache-Control', 'max-age=2']], { ttl: 5000 })).toBe('2 by max-age')
  })

  it.each([
    [200, true],
    [203, true],
    [204, true],
    [300, true],
    [301, true],
    [308, true],
    [404, true],
    [405, true],
    [410, true],
    [414, true],
    [501, true],
    [201, false],
    [302, false],
    [500, false],
  ])('is guessed for status %i: %s, and for all where the response is public', (status, guessed) => {
    const modified = ['Last-Modified', at(-100)] as const
    expect(lifetime([modified], { status }) !== undefined).toBe(guessed)
    expect(lifetime([modified, ['Cache-Control', 'public']], { status })).toBe('10 by heuristic')
  })
})

describe('the age of a response on arrival', () => {
  const age = (fields: HeaderFields, delay = 0) => ageOnArrival(fieldLines(fields), NOW, delay) / 1000

  it.each<[HeaderFields, number]>([
    [[], 0],
    [[['Date', at(0)]], 0],
    [[['Date', at(-5)]], 5],
    [[['Date', at(5)]], 0],
    [[['Date', 'nonsense']], 0],
    [[['Age', '7']], 7],
    [
      [
        ['Age', '7'],
        ['Date', at(-5)],
      ],
      7,
    ],
    [
      [
        ['Age', '3'],
        ['Date', at(-5)],
      ],
      5,
    ],
    [[['Age', '7, 9']], 7],
    [
      [
        ['Age', '7'],
        ['Age', '9'],
      ],
      7,
    ],
    [[['Age', ' 7 ']], 7],
    [[['Age', '-7']], 0],
    [[['Age', '7.5']], 0],
    [[['Age', 'x']], 0],
    [[['Age', '']], 0],
  ])('of %j is %i', (fields, expected) => {
    expect(age(fields)).toBe(expected)
  })

  it('is not a fraction of the second that Date leaves out', () => {
    expect(ageOnArrival(fieldLines([['Date', at(0)]]), NOW + 999, 0)).toBe(0)
    expect(ageOnArrival(fieldLines([['Date', at(0)]]), NOW + 1001, 0)).toBe(1000)
  })

  it('counts the time spent on getting it where it was made elsewhere', () => {
    expect(age([['Age', '7']], 2000)).toBe(9)
    expect(age([], 2000)).toBe(0)
  })
})
