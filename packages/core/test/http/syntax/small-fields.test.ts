import { describe, expect, it } from 'vitest'
import { formatCacheStatus } from '../../../src/http/syntax/cache-status.js'
import { parseEntityTag, parseEntityTags } from '../../../src/http/syntax/entity-tag.js'
import { combined, fieldLines, isToken, listMembers, trim } from '../../../src/http/syntax/header-fields.js'
import { parseVary } from '../../../src/http/syntax/vary.js'

describe('header fields', () => {
  it('are grouped by lower-case name, repeated lines kept in order', () => {
    const lines = fieldLines([
      ['X-A', '1'],
      ['Vary', 'x'],
      ['x-a', '2'],
      ['__proto__', 'own'],
    ])
    expect(lines.get('x-a')).toEqual(['1', '2'])
    expect(combined(lines, 'x-a')).toBe('1, 2')
    expect(combined(lines, 'x-b')).toBeUndefined()
    expect(lines.get('__proto__')).toEqual(['own'])
  })

  it('are lists with empty members left out and quoted commas kept', () => {
    expect(listMembers(['a, b ,,\tc', '"d, e",f', ''])).toEqual(['a', 'b', 'c', '"d, e"', 'f'])
    expect(listMembers(['"never, ends'])).toEqual(['"never, ends'])
    expect(listMembers([String.raw`"\"", b`])).toEqual([String.raw`"\""`, 'b'])
  })

  it('are trimmed of space and tab alone', () => {
    expect(trim(' \t a b \t')).toBe('a b')
    expect(trim('\u00a0a')).toBe('\u00a0a')
    expect(trim(' \t')).toBe('')
  })

  it('have tokens for names', () => {
    expect(["x-y_z.1!#$%&'*+^`|~", 'a'].every(isToken)).toBe(true)
    expect(['', 'a b', 'a:', 'é', 'a"', 'a/b', '(a)'].some(isToken)).toBe(false)
  })
})

describe('Vary', () => {
  it.each([
    [undefined, { kind: 'names', names: [] }],
    [[''], { kind: 'names', names: [] }],
    [['Accept-Language'], { kind: 'names', names: ['accept-language'] }],
    [['Accept , accept', 'X,ACCEPT'], { kind: 'names', names: ['accept', 'x'] }],
    [['*'], { kind: 'any' }],
    [[' * '], { kind: 'any' }],
    [['Accept, *'], { kind: 'any' }],
    [['Accept', '\t*'], { kind: 'any' }],
    [['a b, *'], { kind: 'any' }],
    [['a b'], { kind: 'malformed' }],
    [['"a"'], { kind: 'malformed' }],
    [['**;'], { kind: 'malformed' }],
  ])('%j is %j', (lines, expected) => {
    expect(parseVary(lines)).toEqual(expected)
  })
})

describe('an entity tag', () => {
  it.each([
    ['"a"', { weak: false, opaque: 'a' }],
    ['W/"a"', { weak: true, opaque: 'a' }],
    ['""', { weak: false, opaque: '' }],
    ['"a,b"', { weak: false, opaque: 'a,b' }],
    [String.raw`"a\"`, { weak: false, opaque: 'a\\' }],
    ['w/"a"', undefined],
    ['a', undefined],
    ['"a', undefined],
    ['"a b"', undefined],
    ['"a""', undefined],
    ['', undefined],
  ])('%s is %j', (text, expected) => {
    expect(parseEntityTag(text)).toEqual(expected)
  })

  it.each([
    ['*', '*'],
    [' * ', '*'],
    ['"a", W/"b"', ['a', 'b']],
    ['"a","b"', ['a', 'b']],
    [',, "a" ,\t"b",', ['a', 'b']],
    ['"a,b", "c"', ['a,b', 'c']],
    ['"a", b, "c"', ['a']],
    ['"a" "b"', []],
    ['a', []],
    ['', []],
    ['"a", *', ['a']],
  ])('in the list %s gives %j', (value, expected) => {
    const tags = parseEntityTags(value)
    expect(tags === '*' ? tags : tags.map((tag) => tag.opaque)).toEqual(expected)
  })
})

describe('Cache-Status', () => {
  it.each([
    ['cacheado', { hit: true, ttl: 30 }, 'cacheado; hit; ttl=30'],
    ['cacheado', { hit: true, ttl: -5 }, 'cacheado; hit; ttl=-5'],
    ['cacheado', { fwd: 'uri-miss', stored: true }, 'cacheado; fwd=uri-miss; stored'],
    ['cacheado', { fwd: 'uri-miss', collapsed: true, ttl: 1 }, 'cacheado; fwd=uri-miss; ttl=1; collapsed'],
    ['cacheado', { fwd: 'bypass', detail: 'no-scope' }, 'cacheado; fwd=bypass; detail=no-scope'],
    ['cacheado', { fwd: 'stale', fwdStatus: 503 }, 'cacheado; fwd=stale; fwd-status=503'],
    ['my cache', { hit: true }, '"my cache"; hit'],
    ['a"b\\c', { hit: true }, String.raw`"a\"b\\c"; hit`],
    ['1st', { hit: true }, '"1st"; hit'],
  ] as const)('of %s with %j is %s', (name, status, expected) => {
    expect(formatCacheStatus(name, status)).toBe(expected)
  })
})
