import { createCache, isCacheError } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { normalizeId, utf8Length } from '../src/id.js'

/** What R-12 says of each value: the text it is taken as, or that it is no id. */
const TABLE: readonly (readonly [what: string, value: unknown, text: string | undefined])[] = [
  ['a text', 'org_123', 'org_123'],
  ['an integer as its decimal text', 7, '7'],
  ['zero', 0, '0'],
  ['minus zero, which is zero', -0, '0'],
  ['a negative integer', -12, '-12'],
  ['the largest safe integer', 2 ** 53 - 1, '9007199254740991'],
  ['a bigint as its decimal text', 12345678901234567890n, '12345678901234567890'],
  ['a negative bigint', -1n, '-1'],
  ['a bigint of 256 digits', 10n ** 255n, `1${'0'.repeat(255)}`],
  ['a bigint of 257 digits', 10n ** 256n, undefined],
  ['an unsafe integer', 2 ** 53, undefined],
  ['a fraction', 1.5, undefined],
  ['NaN', NaN, undefined],
  ['Infinity', Infinity, undefined],
  ['the empty text', '', undefined],
  ['null', null, undefined],
  ['undefined', undefined, undefined],
  ['true', true, undefined],
  ['false', false, undefined],
  ['an object', {}, undefined],
  ['a list of one id', ['org_123'], undefined],
  ['a text object', Object('org_123'), undefined],
  ['a symbol', Symbol('org_123'), undefined],
  ['a function', () => 'org_123', undefined],
  ['a date', new Date(0), undefined],
  ['the words of a shared key, which are texts like any other', 'undefined', 'undefined'],
  ['a text that looks like an object', '[object Object]', '[object Object]'],
  ['__proto__', '__proto__', '__proto__'],
  ['constructor', 'constructor', 'constructor'],
  ['leading zeros, which are kept', '007', '007'],
  ['white space around, which is kept', ' a ', ' a '],
  ['separators', 'a:b/c|d,e', 'a:b/c|d,e'],
  ['letter case, which is kept', 'Acme', 'Acme'],
  ['a composed letter', '\u00e9', '\u00e9'],
  ['the same letter decomposed, another id', 'e\u0301', 'e\u0301'],
  ['a zero width joiner', 'a\u200db', 'a\u200db'],
  ['an emoji', '😀', '😀'],
  ['a lone high surrogate', 'u\ud800', undefined],
  ['a lone low surrogate', 'u\udc00', undefined],
  ['surrogates the wrong way round', '\udc00\ud800', undefined],
  ['NUL', 'a\0', undefined],
  ['a line feed', 'a\nb', undefined],
  ['a tab', '\t', undefined],
  ['DEL', 'a\u007f', undefined],
  ['a C1 control', 'a\u0085', undefined],
  ['a no-break space, which is no control', 'a\u00a0', 'a\u00a0'],
  ['255 bytes', 'x'.repeat(255), 'x'.repeat(255)],
  ['256 bytes', 'x'.repeat(256), 'x'.repeat(256)],
  ['257 bytes', 'x'.repeat(257), undefined],
  ['256 bytes in two-byte letters', 'é'.repeat(128), 'é'.repeat(128)],
  ['258 bytes in two-byte letters', 'é'.repeat(129), undefined],
  ['255 bytes in three-byte letters', '€'.repeat(85), '€'.repeat(85)],
  ['258 bytes in three-byte letters', '€'.repeat(86), undefined],
  ['256 bytes in emoji', '😀'.repeat(64), '😀'.repeat(64)],
  ['260 bytes in emoji', '😀'.repeat(65), undefined],
]

describe('an id', () => {
  it.each(TABLE)('%s', (_, value, text) => {
    expect(normalizeId(value)).toBe(text)
  })

  it('is refused where it is none, by whatever takes ids, and never shown', () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    for (const [, value, text] of TABLE) {
      const at = () => cache.at('organization', { organization: value as string })
      const run = () => cache.run({ organization: value as string }, () => cache.identity())
      if (text !== undefined) {
        expect(at().level).toBe('organization')
        expect(run()).toEqual({ organization: text })
        continue
      }
      expect(at).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
      if (value === undefined) continue
      expect(run).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
    }
    const tooLong = 'secret'.repeat(50)
    expect(() => cache.at('organization', { organization: tooLong })).toThrow(/^((?!secret).)*$/s)
  })

  it('is one and the same as integer, bigint and text', async () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    await cache.at('organization', { organization: 7 }).set('k', 'seven')
    for (const organization of [7, '7', 7n])
      expect(await cache.at('organization', { organization }).get('k')).toBe('seven')
    expect(await cache.at('organization', { organization: '07' }).get('k')).toBeUndefined()
  })

  it('missing, or behind a getter or a prototype, never widens the scope', () => {
    const cache = createCache({ scopes: { organization: 'global', user: 'organization', constructor: 'global' } })
    const refused: unknown[] = [undefined, null, {}, 'acme', 7, { user: 'u' }, { organization: 'acme' }]
    for (const ids of refused) {
      let thrown: unknown
      try {
        cache.at('user', ids as Record<string, string>)
      } catch (error) {
        thrown = error
      }
      expect(isCacheError(thrown, 'ERR_CACHE_SCOPE')).toBe(true)
    }
    // Every object has a `constructor`; it is no id.
    expect(() => cache.at('constructor', {})).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
  })
})

describe('utf8Length', () => {
  it.each(['', 'abc', 'é', '€', '😀', 'a\u0301', '\uffff', '\u07ff\u0800', '😀é€x'])(
    'counts the bytes of %j',
    (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text))
    },
  )
})
