import { describe, expect, it } from 'vitest'
import { fastest } from '../fastest.js'
import { CacheControl } from '../../../src/http/syntax/cache-control.js'

const read = (...lines: string[]) => new CacheControl(lines)

describe('Cache-Control', () => {
  it('is silent where there is no line, an empty one, or only separators', () => {
    expect(new CacheControl().silent).toBe(true)
    expect(read('').silent).toBe(true)
    expect(read(' , ,\t,').silent).toBe(true)
    expect(read('x').silent).toBe(false)
  })

  it('has names without regard to case, over all its lines', () => {
    const cacheControl = read('Max-Age=5', 'NO-STORE , Private')
    expect(cacheControl.has('no-store')).toBe(true)
    expect(cacheControl.has('private')).toBe(true)
    expect(cacheControl.seconds('max-age')).toBe(5)
    expect(cacheControl.has('public')).toBe(false)
  })

  it('keeps what stands in quotes together', () => {
    const cacheControl = read('ext="no-store, private=1", max-age=10')
    expect(cacheControl.has('no-store')).toBe(false)
    expect(cacheControl.has('private')).toBe(false)
    expect(cacheControl.seconds('max-age')).toBe(10)
    expect(cacheControl.malformed).toBe(false)
  })

  it('knows an escaped quote from the end of a quoted string', () => {
    const cacheControl = read(String.raw`ext="a\", no-store", max-age=1`)
    expect(cacheControl.has('no-store')).toBe(false)
    expect(cacheControl.directives[0]?.argument).toBe('a", no-store')
  })

  it.each([
    ['max-age=0', 0],
    ['max-age=3600', 3600],
    ['max-age=003600', 3600],
    ['max-age="3600"', 3600],
    ['max-age=99999999999999999999', 2 ** 31],
    ['max-age=2147483649', 2 ** 31],
    ['max-age=10, max-age=20', 10],
    ['max-age=x, max-age=20', Number.NaN],
    ['max-age', Number.NaN],
    ['max-age=-1', Number.NaN],
    ['max-age=3600a', Number.NaN],
    ['max-age=a3600', Number.NaN],
    ['max-age=3600.0', Number.NaN],
    ["max-age='3600'", Number.NaN],
    ['max-age=""', Number.NaN],
    ['max-age=1e3', Number.NaN],
    ['max-age=+5', Number.NaN],
    ['s-maxage=5', undefined],
  ])('%s gives %s seconds', (line, seconds) => {
    expect(read(line).seconds('max-age')).toBe(seconds)
  })

  it.each([
    'max-age=3600; private',
    'max-age = 3600',
    'max-age= 3600',
    'max-age =3600',
    'max-age=',
    '=3600',
    'no-store private',
    'private="x',
    'private="x"y',
    'no"store',
    'no store',
    'a=b=c',
    'max-age=3600\u0000',
    'ext="\u0001"',
    '@',
    'privé',
  ])('is malformed: %j', (line) => {
    expect(read('max-age=5', line).malformed).toBe(true)
  })

  it.each([
    ['private', true, []],
    ['private=""', true, []],
    ['private="x"', false, ['x']],
    ['private="X-A, x-b"', false, ['x-a', 'x-b']],
    ['private=x', true, []],
    ['private="a b"', true, []],
    ['private="a,,b"', true, []],
    ['private="x", private', true, ['x']],
    ['private="x", private="y"', false, ['x', 'y']],
    ['public', false, []],
  ])('%s is unqualified: %s, naming %j', (line, unqualified, names) => {
    expect(read(line).unqualified('private')).toBe(unqualified)
    expect(read(line).qualified('private')).toEqual(names)
  })

  it('reads 16 KB of anything in linear time', () => {
    for (const piece of ['"', ',', '=', 'a', '\\', 'a="', 'a,', '"\\"', ' ']) {
      expect(fastest(() => read(piece.repeat(16_384 / piece.length)).malformed)).toBeLessThan(50)
    }
  })
})
