import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createCache, keyEncoder, type Key, type ScopedCache } from '@cacheado/core'
import { scopeForest } from '../src/define-scopes.js'
import { KeyEncoders, type KeyEncoder } from '../src/key-encoder.js'
import { mapKey, type MapKey } from '../src/key-text.js'
import { entryText, scopeText } from '../src/path-text.js'

/*
 * T-01, by hand: pairs that some encoding somewhere took for one. Each must be two entries, as text and in a cache.
 */

class Money {
  constructor(
    readonly cents: number,
    readonly currency: string,
  ) {}
}
class Sku {
  constructor(readonly code: unknown) {}
}

const keyEncoders: readonly KeyEncoder[] = [
  keyEncoder('Money', Money, (money) => [money.cents, money.currency]),
  keyEncoder('Sku', Sku, (sku) => sku.code),
]
const levels = { organization: 'global', user: 'organization', session: 'user', tenant: 'global', project: 'tenant' }
const forest = scopeForest(levels)
const encoders = new KeyEncoders(keyEncoders)

interface Twin {
  readonly at?: Readonly<Record<string, string | number>>
  readonly in?: string
  readonly key?: Key
}

const org = (organization: string | number, key: Key = 'k'): Twin => ({ at: { organization }, key })
const user = (organization: string, user: string, key: Key = 'k'): Twin => ({ at: { organization, user }, key })
const keys = (one: Key, other: Key): readonly [Twin, Twin] => [{ key: one }, { key: other }]

const TWINS: readonly (readonly [one: Twin, other: Twin])[] = [
  // separators in ids and between them
  [user('a', 'user:b'), user('a/user', 'b')],
  [user('a:b', 'c'), user('a', 'b:c')],
  [user('a/b', 'c'), user('a', 'b/c')],
  [user('a', 'b'), org('a/user=b')],
  [user('a', 'b'), org('a', ['user=b', 'k'])],
  [org('a|k'), org('a', '|k')],
  [org('a', 'b'), org('ab', '')],
  [org('%2F'), org('/')],
  [org('%252F'), org('%2F')],
  [org('a%'), org('a%25')],
  [org('a=b'), org('a%3Db')],
  [org('a b'), org('a+b')],
  [org('a b'), org('a%20b')],
  [org('a.b'), org('a-b')],
  [org('*'), org('a')],
  [org('?'), org('a')],
  [org('[a]'), org('a')],
  // ids that are not byte-equal
  [org('Acme'), org('acme')],
  [org('acme'), org('acme ')],
  [org('acme'), org('acme\u200d')],
  [org('\u00e9'), org('e\u0301')],
  [org('ﬁ'), org('fi')],
  [org('ı'), org('i')],
  [org('1'), org('01')],
  [org(1), org('1.0')],
  [org(10), org('1e1')],
  [org('1'), org('10')],
  [org('undefined'), org('null')],
  [org('__proto__'), org('constructor')],
  [org('\ufffd'), org('?')],
  // the same id at another level, in another tree, in another namespace
  [org('a'), { at: { tenant: 'a' }, key: 'k' }],
  [user('a', 'b'), { at: { tenant: 'a', project: 'b' }, key: 'k' }],
  [user('a', 'b'), user('b', 'a')],
  [{ key: 'k' }, org('global')],
  [{ in: 'a', key: 'k' }, { key: 'k' }],
  [{ in: 'a', key: 'k' }, { key: ['a', 'k'] }],
  [
    { in: 'users', key: 'Abc' },
    { in: 'usersAbc', key: '' },
  ],
  [
    { in: 'a', key: 'b:c' },
    { in: 'a:b', key: 'c' },
  ],
  // keys of different types
  keys(7, '7'),
  keys(['a', 7], ['a', '7']),
  keys(['a', 7], ['a', 7n]),
  keys(['a', '7n'], ['a', 7n]),
  keys(['a', true], ['a', 'true']),
  keys(['a', null], ['a', 'null']),
  keys(['a', null], ['a', undefined]),
  keys(['a', undefined], ['a']),
  keys(['a', ''], ['a']),
  keys([], ''),
  keys([[]], [['']]),
  keys([['a']], 'a'),
  keys(['a,b'], ['a', 'b']),
  keys(['a', ['b', 'c']], ['a', 'b', 'c']),
  keys([['a'], 'b'], [['a', 'b']]),
  keys('(a,b)', ['a', 'b']),
  keys('\0(a,b)', ['a', 'b']),
  keys('\0a', 'a'),
  keys(['%2C'], [',']),
  keys([{}], [[]]),
  keys([{ a: 1 }], ['{a:*1}']),
  keys([{ a: 1, b: 2 }], [{ a: { b: 2 } }]),
  keys([{ 'a:*1,b': 2 }], [{ a: 1, b: 2 }]),
  keys([{ a: undefined }], [{}]),
  keys([new Set()], [new Set([''])]),
  keys([new Set(['a'])], [['a']]),
  keys([new Map([['a', 1]])], [{ a: 1 }]),
  keys([new Map([['a', 'b']])], [new Map([['a,b', '']])]),
  keys([new Date(0)], [0]),
  keys([new Date(0)], ['1970-01-01T00:00:00.000Z']),
  keys([new Uint8Array([1, 2])], [[1, 2]]),
  keys([new Uint8Array([1, 0])], [new Uint16Array([1])]),
  keys([new Date(10)], [Object.defineProperty(new Uint8Array([16]), Symbol.toStringTag, { value: 'Date' })]),
  keys([new Money(1, 'a')], [[1, 'a']]),
  keys([new Money(1, 'a')], [new Sku([1, 'a'])]),
  keys([new Sku('')], [new Sku([])]),
  // pairs that share their 32-bit hash: djb2, FNV-1, FNV-1a, CRC-32, Java's
  keys('Az', 'BY'),
  keys('costarring', 'liquid'),
  keys('declinate', 'macallums'),
  keys('altarage', 'zinke'),
  keys('plumless', 'buckeroo'),
  keys('codding', 'gnu'),
  keys('Aa', 'BB'),
  keys('x'.repeat(512), `${'x'.repeat(512)}x`),
  keys('%'.repeat(300), '%25'.repeat(300)),
]

const levelOf = ({ at = {} }: Twin) => Object.keys(at).at(-1) ?? 'global'

function textOf(twin: Twin): string {
  const level = forest.level(levelOf(twin))
  const ids = level.path.map((step) => String(twin.at?.[step.name]))
  return entryText({
    scope: scopeText(level, ids),
    versions: [''],
    namespace: twin.in ?? '',
    key: mapKey(twin.key as Key, encoders) as MapKey,
  })
}

function scopeOf(cache: ScopedCache, twin: Twin) {
  return (twin.in === undefined ? cache : cache.namespace(twin.in)).at(levelOf(twin), twin.at ?? {}).sync
}

describe('twins', () => {
  it('are 60 at least', () => {
    expect(TWINS.length).toBeGreaterThanOrEqual(60)
  })

  it.each(TWINS.map(([one, other]) => ({ one, other, name: inspect([one, other], { breakLength: Infinity }) })))(
    'are two entries: $name',
    ({ one, other }) => {
      expect(textOf(one)).not.toBe(textOf(other))
      const cache = createCache({ scopes: levels, keyEncoders })
      scopeOf(cache, one).set(one.key as Key, 'one')
      expect(scopeOf(cache, other).get(other.key as Key)).toBeUndefined()
      scopeOf(cache, other).set(other.key as Key, 'other')
      expect(scopeOf(cache, one).get(one.key as Key)).toBe('one')
      expect(scopeOf(cache, other).get(other.key as Key)).toBe('other')
    },
  )

  it('are plain text that names what it belongs to', () => {
    expect(textOf(user('org 1', 'bob', ['invoice', 42]))).toBe('{organization=org%201}/user=bob|1|||(invoice,*42)')
    for (const twin of TWINS.flat()) expect(textOf(twin)).toMatch(/^[!-~]+$/)
  })
})
