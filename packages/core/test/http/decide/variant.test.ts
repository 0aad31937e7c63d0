import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { variantText } from '../../../src/http/decide/variant.js'
import { sketchRequest, type RequestSketch } from './request.js'

const text = (headers: NonNullable<RequestSketch['headers']>, names: string[], secret = new Set<string>()) =>
  variantText(sketchRequest({ headers }), names, secret)
const same = (name: string, one: string | string[], other: string | string[]) =>
  text({ [name]: one }, [name]) === text({ [name]: other }, [name])

describe('a variant', () => {
  it('is selected by the named headers only', () => {
    expect(text({ accept: 'a', 'x-y': '1' }, ['accept'])).toBe(text({ accept: 'a', 'x-y': '2' }, ['accept']))
    expect(text({ accept: 'a' }, ['accept'])).not.toBe(text({ accept: 'b' }, ['accept']))
  })

  it('tells absent from empty, and absent is equal to absent', () => {
    expect(text({}, ['accept'])).toBe(text({}, ['accept']))
    expect(text({}, ['accept'])).not.toBe(text({ accept: '' }, ['accept']))
  })

  it.each([
    ['x-y', 'a, b', 'a,b', true],
    ['x-y', 'a ,\tb ', 'a,b', true],
    ['x-y', ['a', 'b'], 'a, b', true],
    ['x-y', 'a, b', 'b, a', false],
    ['x-y', 'A', 'a', false],
    ['x-y', '"a, b"', '"a,b"', false],
    ['accept-language', 'en, fr', 'en,fr', true],
    ['accept-language', 'EN', 'en', true],
    ['accept-language', 'en;q=0.5, fr', 'fr, en;q=0.4', true],
    ['accept-language', 'fr;q=1.0, en;q=0.8', 'fr, en ; q=0.1', true],
    ['accept-language', 'en, fr', 'fr, en', false],
    ['accept-language', 'en;q=0', 'en', false],
    ['accept-language', '-en', 'en;q=0', false],
    ['accept-language', 'en;q=x', 'en', false],
    ['accept-language', 'en;q=x', 'en;q=y', false],
    ['accept-language', '*', 'en', false],
    ['cookie', 'a=1; b=2', 'a=1;b=2', false],
    ['authorization', 'Bearer  a', 'Bearer a', false],
  ])('%s: %j and %j are one: %s', (name, one, other, expected) => {
    expect(same(name, one, other)).toBe(expected)
  })

  it('shows credentials as digests only', () => {
    const headers = { cookie: 'sid=SECRET', authorization: 'Bearer SECRET', 'x-api-key': 'SECRET', accept: 'open' }
    const shown = text(headers, Object.keys(headers), new Set(['x-api-key']))
    expect(shown).not.toContain('SECRET')
    expect(shown).toContain('open')
  })

  it('never shares a text with another combination of names and values', () => {
    const value = fc.string({ unit: fc.constantFrom('a', ':', '"', '[', ']', '\\', ';', 'null') })
    const headers = fc.dictionary(fc.constantFrom('x-a', 'x-b', 'x-a","x-b'), value, { noNullPrototype: true })
    const seed = Date.now()
    fc.assert(
      fc.property(headers, headers, (one, other) => {
        const describeAll = (all: Record<string, string>) => JSON.stringify(Object.entries(all))
        const texts = [text(one, Object.keys(one)), text(other, Object.keys(other))]
        expect(texts[0] === texts[1]).toBe(describeAll(one) === describeAll(other))
      }),
      { seed, numRuns: 2000 },
    )
  })
})
