import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scopeForest, type ScopeForest } from '../src/define-scopes.js'
import { normalizeId } from '../src/id.js'
import { KeyEncoders } from '../src/key-encoder.js'
import { checkKey, mapKey, type Key, type MapKey } from '../src/key-text.js'
import { entryText, scopeText } from '../src/path-text.js'
import { SEED } from './support/seed.js'

/*
 * T-01: what an entry is (version, namespace, level, every id, key) has one text, and no other entry has it; what is not
 * valid has none. Compared as bytes: two texts with different lone surrogates would share theirs.
 */

const forest = scopeForest({
  organization: 'global',
  user: 'organization',
  session: 'user',
  tenant: 'global',
  project: 'tenant',
})
const encoders = new KeyEncoders()

interface Asked {
  readonly version: string
  readonly namespace: string
  readonly level: string
  readonly ids: readonly unknown[]
  readonly key: unknown
}

/** The text of an entry, or what refuses it. */
function encoded(asked: Asked, within: ScopeForest = forest): string | undefined {
  const level = within.level(asked.level)
  const ids = level.path.map((_, at) => normalizeId(asked.ids[at]))
  try {
    const key = mapKey(asked.key as Key, encoders)
    if (key === undefined || ids.includes(undefined)) return undefined
    checkKey(key)
    const scope = scopeText(level, ids as string[])
    return entryText({ scope, versions: [asked.version], namespace: asked.namespace, key })
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CACHE_KEY' })
    return undefined
  }
}

/* What the rules say, written without a look at the code. */

const PATHS: Record<string, number> = { global: 0, organization: 1, user: 2, session: 3, tenant: 1, project: 2 }

const isWellFormed = (text: string) => text === Buffer.from(text, 'utf8').toString('utf8')

function isId(id: unknown): boolean {
  if (typeof id === 'number') return Number.isSafeInteger(id)
  if (typeof id === 'bigint') return String(id).length <= 256
  if (typeof id !== 'string') return false
  const units = Array.from(id, (character) => character.codePointAt(0) as number)
  const controls = units.some((unit) => unit < 32 || (unit > 126 && unit < 160))
  return id.length > 0 && !controls && isWellFormed(id) && Buffer.byteLength(id) <= 256
}

function isPart(part: unknown): boolean {
  if (typeof part === 'string') return isWellFormed(part)
  if (Array.isArray(part)) return part.every(isPart)
  if (part instanceof Map) return [...part].flat().every(isPart)
  if (part instanceof Set) return [...part].every(isPart)
  if (part instanceof Date || part instanceof Uint8Array || part === null) return true
  if (typeof part === 'object') return Object.entries(part).flat().every(isPart)
  return ['number', 'bigint', 'boolean', 'undefined'].includes(typeof part)
}

const isKey = (key: unknown) => (['string', 'number'].includes(typeof key) || Array.isArray(key) ? isPart(key) : false)

const pathOf = ({ level, ids }: Asked) => Array.from({ length: PATHS[level] as number }, (_, at) => ids[at])

const isValid = (asked: Asked) => pathOf(asked).every(isId) && isKey(asked.key)

/** `['k']` is `'k'`; nothing else is anything else. */
function bareKey(key: unknown): unknown {
  return Array.isArray(key) && key.length === 1 && ['string', 'number'].includes(typeof key[0]) ? key[0] : key
}

function isSame(one: Asked, other: Asked): boolean {
  if (one.version !== other.version || one.namespace !== other.namespace || one.level !== other.level) return false
  const ids = (asked: Asked) => pathOf(asked).map(String)
  return isDeepStrictEqual(ids(one), ids(other)) && isDeepStrictEqual(bareKey(one.key), bareKey(other.key))
}

/* Hostile texts. */

const ATOMS = [
  ...':/|\\,.%*?[]{}\'"()=~!@#+&;-_ \u00a0',
  '\0', '\n', '\t', '\u007f', '\u0085',
  '\ud800', '\ud801', '\udc00', '\udfff',
  '\u200d', 'é', 'e\u0301', '😀', '\ufeff', '\ufffd',
  '__proto__', 'constructor', 'toString', 'undefined', 'null', '[object Object]',
  '0', '1', '7', '10', '007', '-1', 'a', 'b', 'A', 'ab', 'ba',
  'organization', 'user', 'tenant', 'organization=a', '/user=b', '|', '1|||',
  '%2F', '%3A', '%00', '%25', '!e', '!u', '()', '(a,b)', '*7', '=', '@Date[0]', '#Uint8Array[00]',
] // prettier-ignore

const LONG = [
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(257),
  'é'.repeat(128),
  'y'.repeat(512),
  `${'y'.repeat(512)}y`,
]

const text = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.constantFrom(...ATOMS), { maxLength: 3 }).map((atoms) => atoms.join('')) },
  { weight: 6, arbitrary: fc.constantFrom('', 'a', 'b', 'ab', 'a,b', '7', '0', '(', '!n') },
  { weight: 1, arbitrary: fc.constantFrom(...LONG) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
)

const id = fc.oneof(
  { weight: 10, arbitrary: text },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(7, '7', 10, 0, '0', -1, NaN, 1.5, null, undefined, true, ['a'], {}),
  },
)

const { key } = fc.letrec<{ key: unknown; part: unknown }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: text },
    {
      weight: 3,
      arbitrary: fc.constantFrom<unknown>(
        0,
        7,
        10,
        1e21,
        NaN,
        7n,
        '7',
        true,
        false,
        null,
        undefined,
        '',
        Symbol.iterator,
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(new Date(0), new Date(7), new Date(NaN), new Uint8Array(0), new Uint8Array([0, 7])),
    },
    { weight: 2, arbitrary: fc.array(tie('part'), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(text, tie('part'), { maxKeys: 2, noNullPrototype: true }) },
    { weight: 1, arbitrary: fc.array(tie('part'), { maxLength: 2 }).map((parts) => new Set(parts)) },
    { weight: 1, arbitrary: fc.array(fc.tuple(text, tie('part')), { maxLength: 2 }).map((pairs) => new Map(pairs)) },
  ),
  key: fc.oneof(
    { weight: 3, arbitrary: text },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(0, 7, 10, true, null, undefined, {}) },
    { weight: 5, arbitrary: fc.array(tie('part'), { maxLength: 4 }) },
  ),
}))

const asked: fc.Arbitrary<Asked> = fc.record({
  version: fc.constantFrom('', '1', '|', '%7C'),
  namespace: fc.constantFrom('', 'a', 'a|b', 'b', '|'),
  level: fc.constantFrom(...Object.keys(PATHS)),
  ids: fc.array(id, { minLength: 3, maxLength: 3 }),
  key,
})

const LIKENESSES = [
  '',
  [],
  {},
  [[]],
  [''],
  null,
  undefined,
  false,
  true,
  0,
  7,
  7n,
  '7',
  '!n',
  '!e',
  new Set(),
  new Set(['']),
  new Map(),
]

/** Numbers that decide what is changed. */
type Dice = () => number

/** Turns a key or a part of it into one that a careless encoding would not tell from it. */
function twisted(part: unknown, dice: Dice, glue: string): unknown {
  if (Array.isArray(part)) return twistedList(part, dice, glue)
  if (part instanceof Set)
    return dice() % 2 ? twistedList([...part], dice, glue) : new Set(twistedList([...part], dice, glue))
  if (part instanceof Map)
    return dice() % 2 ? [...part] : Object.fromEntries([...part].map(([name, of]) => [String(name), of]))
  if (part instanceof Date) return Number(part)
  if (part instanceof Uint8Array) return [...part]
  const text = typeof part === 'object' ? JSON.stringify(part) : String(part)
  const middle = dice() % (text.length + 1)
  return [
    text,
    Number.isNaN(Number(text)) ? glue : Number(text),
    /^-?\d{1,30}$/.test(text) ? BigInt(text) : [glue],
    [part],
    [],
    '',
    text + glue,
    [text.slice(0, middle), text.slice(middle)],
    encodeURIComponent(text.toWellFormed()),
    typeof part === 'object' && part !== null ? new Map(Object.entries(part)) : { [text]: part },
  ][dice() % 10]
}

function twistedList(list: readonly unknown[], dice: Dice, glue: string): unknown[] {
  const at = dice() % Math.max(list.length, 1)
  const [part, next] = [list[at], list[at + 1]]
  switch (dice() % 10) {
    case 0: // two glued, as a join of them would
      return [...list.slice(0, at), `${String(part)}${glue}${String(next)}`, ...list.slice(at + 2)]
    case 1: // one apart
      return [
        ...list.slice(0, at),
        ...(typeof part === 'string' ? [part.slice(0, 1), part.slice(1)] : [part, glue]),
        ...list.slice(at + 1),
      ]
    case 2: // a list around some of them
      return [...list.slice(0, at), list.slice(at)]
    case 3: // a list less
      return list.flat()
    case 4: // what stands between two of them moved
      return list.map((item, index) => (index === at ? `${String(item)}${glue}` : item))
    case 5:
      return list.slice(0, at)
    case 6:
    case 7: // something that looks like it
      return [...list.slice(0, at), LIKENESSES[dice() % LIKENESSES.length], ...list.slice(at + 1)]
    default:
      return list.length === 0 ? [glue] : list.map((item, index) => (index === at ? twisted(item, dice, glue) : item))
  }
}

/** Turns an entry into one that a careless encoding would not tell from it. */
const change: fc.Arbitrary<(asked: Asked) => Asked> = fc
  .record({
    kind: fc.nat(13),
    glue: fc.constantFrom('', ...ATOMS),
    other: asked,
    dice: fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }),
  })
  .map(({ kind, glue, other, dice }) => (asked: Asked): Asked => {
    let throws = 0
    const next = () => dice[throws++ % dice.length] as number
    const { ids, key } = asked
    switch (kind) {
      case 0: // the same, made anew
        return { ...asked, key: Array.isArray(key) ? [...(key as unknown[])] : key, ids: [...ids] }
      case 1: // the same ids at another level
        return { ...asked, level: other.level }
      case 2: // an id becomes part of the key
        return { ...asked, level: asked.level === 'user' ? 'organization' : asked.level, key: [ids[1], key].flat() }
      case 3: // the namespace becomes part of the key
        return { ...asked, namespace: '', key: `${asked.namespace}${glue}${String(key)}` }
      case 4:
        return { ...asked, key: other.key }
      case 5:
      case 6:
      case 7:
        return { ...asked, ids: twistedList(ids, next, glue) }
      default:
        return { ...asked, key: twisted(key, next, glue) }
    }
  })
  .map((apply) => (asked) => {
    try {
      return apply(asked)
    } catch {
      return asked // a symbol has no text
    }
  })

/** An entry, what can be mistaken for it, and strangers. */
const family = fc
  .record({
    asked,
    changes: fc.array(change, { minLength: 24, maxLength: 24 }),
    others: fc.array(asked, { minLength: 8, maxLength: 8 }),
  })
  .map(({ asked, changes, others }) => [asked, ...changes.map((apply) => apply(asked)), ...others])

describe('the text of an entry', () => {
  it(`differs for all that differ, in 200,000 hostile pairs (seed ${SEED})`, () => {
    let pairs = 0
    let equal = 0
    let refused = 0
    fc.assert(
      fc.property(family, (members) => {
        const texts = members.map((member) => encoded(member))
        const bytes = texts.map((text) => text && Buffer.from(text, 'utf8').toString('latin1'))
        members.forEach((one, at) => {
          if (isValid(one) !== (texts[at] !== undefined)) expect.fail(`valid ${isValid(one)}: ${inspect(one)}`)
          if (texts[at] === undefined) refused++
          for (let to = at + 1; to < members.length; to++) {
            pairs++
            if (texts[at] === undefined || texts[to] === undefined) continue
            const same = isSame(one, members[to] as Asked)
            if (same) equal++
            if ((bytes[at] === bytes[to]) !== same) expect.fail(`${texts[at]} and ${texts[to]}: same entry ${same}`)
          }
        })
      }),
      { seed: SEED, numRuns: 600 },
    )
    expect(pairs).toBeGreaterThanOrEqual(200_000)
    // Else it would have compared nothing.
    expect(equal).toBeGreaterThan(1000)
    expect(refused).toBeGreaterThan(1000)
    expect(refused).toBeLessThan(600 * 33 * 0.6)
  })

  it(`and of a key in memory too (seed ${SEED})`, () => {
    fc.assert(
      fc.property(family, (members) => {
        const keys = members.map((member) => member.key)
        const mapped = keys.map((key): MapKey | undefined => (isKey(key) ? mapKeyOrNone(key) : undefined))
        keys.forEach((one, at) =>
          keys.slice(at + 1).forEach((other, offset) => {
            const to = at + 1 + offset
            if (mapped[at] === undefined || mapped[to] === undefined) return
            const same = isDeepStrictEqual(bareKey(one), bareKey(other))
            if ((new Set([mapped[at], mapped[to]]).size === 1) !== same) {
              expect.fail(`${JSON.stringify(mapped[at])} and ${JSON.stringify(mapped[to])}: same key ${same}`)
            }
          }),
        )
      }),
      { seed: SEED, numRuns: 600 },
    )
  })
})

function mapKeyOrNone(key: unknown): MapKey | undefined {
  try {
    return mapKey(key as Key, encoders)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CACHE_KEY' })
    return undefined
  }
}
