import { describe, expect, it } from 'vitest'
import { downstreamFields, type Audience } from '../../../src/http/decide/downstream.js'
import { fieldLines, type HeaderFields } from '../../../src/http/syntax/header-fields.js'

const IDENTITY = ['Authorization', 'Cookie']
const changes = (fields: HeaderFields, audience: Audience) => downstreamFields(fieldLines(fields), audience, IDENTITY)
const cacheControl = (said: string | undefined, audience: Audience) =>
  changes(said === undefined ? [] : [['Cache-Control', said]], audience).set[0]?.[1]
const vary = (...lines: string[]) =>
  changes(
    lines.map((line) => ['Vary', line] as const),
    'one',
  ).set[1]?.[1]

describe('what an answer tells the caches in front of us', () => {
  it('is what the handler said, at the global scope', () => {
    for (const fields of [
      [],
      [['Cache-Control', 'public, s-maxage=5']],
      [['CDN-Cache-Control', 'max-age=5']],
    ] as const) {
      expect(changes(fields, 'everybody')).toEqual({ set: [], remove: [] })
    }
  })

  it.each([
    [undefined, 'private', 'private, no-cache'],
    ['', 'private', 'private, no-cache'],
    ['public', 'private', 'private, no-cache'],
    ['s-maxage=60', 'private', 'private, no-cache'],
    ['PUBLIC, S-MaxAge=60', 'private', 'private, no-cache'],
    ['public="x"', 'private', 'private, no-cache'],
    ['max-age=60', 'max-age=60', 'max-age=60'],
    ['public, max-age=60', 'max-age=60', 'max-age=60'],
    ['max-age=60, s-maxage=600, must-revalidate', 'max-age=60, must-revalidate', 'max-age=60, must-revalidate'],
    ['ext="public, s-maxage=1"', 'ext="public, s-maxage=1"', 'ext="public, s-maxage=1"'],
    ['no-store', 'no-store', 'no-store'],
    ['Private, Max-Age=5', 'Private, Max-Age=5', 'Private, Max-Age=5'],
    ['public; max-age=60', 'private, no-store', 'private, no-store'],
    ['ext="x, public', 'private, no-store', 'private, no-store'],
  ])('below it, Cache-Control %j becomes %j for one person and %j for several', (said, one, several) => {
    expect(cacheControl(said, 'one')).toBe(one)
    expect(cacheControl(said, 'several')).toBe(several)
  })

  it('below it, Vary names what tells who asks', () => {
    expect(vary()).toBe('Authorization, Cookie')
    expect(vary('')).toBe('Authorization, Cookie')
    expect(vary('Accept')).toBe('Accept, Authorization, Cookie')
    expect(vary('Accept', 'X-Y')).toBe('Accept, X-Y, Authorization, Cookie')
    expect(vary('cookie')).toBe('cookie, Authorization')
    expect(vary('AUTHORIZATION, Cookie')).toBe('AUTHORIZATION, Cookie')
    expect(vary('*')).toBe('*')
    expect(vary('Accept, *')).toBe('*')
    expect(vary('a b')).toBe('a b, Authorization, Cookie')
  })

  it('below it, fields that only a CDN reads go, unless they forbid it to keep anything', () => {
    const fields: HeaderFields = [
      ['CDN-Cache-Control', 'max-age=60'],
      ['Surrogate-Control', 'no-store'],
      ['Vercel-CDN-Cache-Control', 'private'],
      ['Cloudflare-CDN-Cache-Control', 'public'],
    ]
    expect(changes(fields, 'several').remove).toEqual(['cdn-cache-control', 'cloudflare-cdn-cache-control'])
  })
})
