import { CacheError } from './cache-error.js'
import type { KeyEncoders } from './key-encoder.js'

/** What a tuple key may hold: plain data, the built-ins below, and instances of classes with a registered encoder. */
export type KeyPart = unknown

/** A key: a string, a number, or a tuple of plain data. `'k'` and `['k']` are the same key; `7` and `'7'` are not. */
export type Key = string | number | readonly KeyPart[]

/** The form under which a key is kept: a short string as it is, a number as it is, anything else as its marked text. */
export type MapKey = string | number

/** Above this many characters a key is not kept: the call goes uncached (rule R-33). */
const LONGEST = 8192
const DEEPEST = 32

/** First character of every kept form that is not simply the application's own string. */
const MARK = '\u0000'

/**
 * The form under which a key is kept in memory, injective over keys: a string or number stands for itself, so that the
 * common hit builds nothing; a tuple stands as {@link MARK} and its text; so does a string that begins with the mark.
 * `undefined` means that the key is too long to be cached.
 *
 * @throws CacheError `ERR_CACHE_KEY` for anything that is not plain data
 */
export function mapKey(key: Key, encoders: KeyEncoders): MapKey | undefined {
  if (typeof key === 'string') {
    if (key.length > LONGEST) return undefined
    return key.charCodeAt(0) === 0 ? marked(encodePart(key)) : key
  }
  if (typeof key === 'number') return key
  if (!Array.isArray(key)) throw badKey()
  if (key.length === 1 && (typeof key[0] === 'string' || typeof key[0] === 'number')) return mapKey(key[0], encoders)
  return marked(tupleText(key, encoders, 0))
}

/**
 * Refuses what {@link mapKey} lets pass on the way to a hit: a key with lone surrogates was never stored, so only the
 * path that stores has to look.
 *
 * @throws CacheError `ERR_CACHE_KEY`
 */
export function checkKey(key: MapKey): void {
  if (typeof key === 'string' && !key.isWellFormed()) throw badKey()
}

/** A part of a path or key as text: percent-encoded, so that the structure around it cannot be forged (rule R-02). */
export function encodePart(text: string): string {
  if (SAFE.test(text)) return text
  if (!text.isWellFormed()) throw badKey()
  return encodeURIComponent(text).replace(/[!'()*~]/g, percent)
}

const SAFE = /^[A-Za-z0-9_.-]*$/

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function marked(text: string): string | undefined {
  return text.length > LONGEST ? undefined : MARK + text
}

function tupleText(parts: readonly unknown[], encoders: KeyEncoders, depth: number): string {
  let text = '('
  for (let at = 0; at < parts.length; at++) text += (at === 0 ? '' : ',') + partText(parts[at], encoders, depth)
  return `${text})`
}

/** One part with its type: `'7'`, `7`, `7n`, `true`, `null`, dates, lists and records never share a text. */
function partText(part: unknown, encoders: KeyEncoders, depth: number): string {
  switch (typeof part) {
    case 'string':
      // A list of one empty text is not an empty list.
      return part === '' ? '!e' : encodePart(part)
    case 'number':
      return `*${part}`
    case 'boolean':
      return part ? '!t' : '!f'
    case 'undefined':
      return '!u'
    case 'bigint':
      return `*${part}n`
    case 'object':
      return part === null ? '!n' : objectText(part, encoders, depth + 1)
    default:
      throw badKey()
  }
}

function objectText(part: object, encoders: KeyEncoders, depth: number): string {
  if (depth > DEEPEST) throw badKey()
  const encoder = encoders.find(part)
  if (encoder) return `${encodePart(encoder.name)}${tupleText([encoder.encode(part)], encoders, depth)}`
  if (Array.isArray(part)) return tupleText(part, encoders, depth)
  if (isPlainObject(part)) return recordText(part, encoders, depth)
  if (ArrayBuffer.isView(part)) return viewText(part)
  return builtInText(part, encoders, depth)
}

function recordText(part: object, encoders: KeyEncoders, depth: number): string {
  const record = part as Record<string, unknown>
  const fields = Object.keys(record)
    .sort()
    .map((name) => `${encodePart(name)}:${partText(record[name], encoders, depth)}`)
  return `{${fields.join(',')}}`
}

function builtInText(part: object, encoders: KeyEncoders, depth: number): string {
  const date = attempt(() => Date.prototype.getTime.call(part))
  if (date !== undefined) return `@Date[${date}]`
  if (isMap(part)) {
    const pairs = [...part].map((pair) => tupleText(pair, encoders, depth))
    return `@Map[${pairs.sort().join('')}]`
  }
  if (isSet(part)) {
    const members = [...part].map((member) => partText(member, encoders, depth))
    return `@Set[${members.sort().join(',')}]`
  }
  throw badKey()
}

/** Bytes with the kind of their view, in hexadecimal digits. */
function viewText(view: ArrayBufferView): string {
  const kind = encodePart(Object.prototype.toString.call(view).slice(8, -1))
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return `#${kind}[${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}]`
}

/** Whether this is a record, made in whatever realm: Jest runs tests in another one. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'))
  )
}

// The internal slot tells what an object of any realm is: names and tags can be forged.
function isMap(value: object): value is Map<unknown, unknown> {
  return attempt(() => Map.prototype.has.call(value, undefined)) !== undefined
}

function isSet(value: object): value is Set<unknown> {
  return attempt(() => Set.prototype.has.call(value, undefined)) !== undefined
}

function attempt<T>(probe: () => T): T | undefined {
  try {
    return probe()
  } catch {
    return undefined
  }
}

function badKey(): CacheError {
  return new CacheError(
    'ERR_CACHE_KEY',
    'key: expected a string, a number or a tuple of plain data (register a key encoder for other types)',
  )
}
