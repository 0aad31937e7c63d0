import { binary, builtIn } from './codec-built-in.js'
import { FormReader, isShallow } from './codec-form-reader.js'
import { FormWriter } from './codec-form-writer.js'
import { DEEPEST } from './codec-form.js'
import { utf8Bytes, utf8Text } from './codec-text.js'
import { TypeCodecs } from './codec-types.js'
import type { Codec, TypeCodec } from './codec.js'
import { LARGEST_PAYLOAD } from './payload-limit.js'

/*
 * Stored bytes, by the first of them:
 *   0        an Uint8Array, which follows
 *   1        a Buffer, which follows
 *   2        length of a JSON text (4 bytes, little endian), the text (see codec-form.ts), binary parts of the value one after
 *            the other
 *   another  JSON in UTF-8
 */
const BYTES = 0
const BUFFER = 1
const FORM = 2
const FORM_HEAD = 5

/** What {@link structuredCodec} takes. */
export interface StructuredCodecOptions {
  /** Classes whose instances are stored too. The first whose `is` takes a value encodes it. */
  readonly types?: readonly TypeCodec[]
}

/**
 * The codec that stores use where none is named. What a reader gets is deeply equal to what was written: plain data,
 * `undefined`, `NaN`, infinities, `-0`, bigints, `Date`, `Map`, `Set`, `RegExp`, `URL`, typed arrays, `ArrayBuffer`, `Buffer`
 * (an `Uint8Array` where the platform has no Buffer), lists with holes, records without a prototype, and registered types.
 * Binary data stays binary, and what a reader gets of it is memory of its own.
 *
 * Of records it keeps the enumerable properties under a text, of lists the elements: the rest is not data, as in JSON. An object
 * that is referred to twice becomes two equal ones.
 *
 * Not stored: functions, symbols, cycles, what nests deeper than 200, more than 8 MiB, and instances of any other class or of
 * a subclass, errors and promises included: they would come back as something else, and what an error shows of its process
 * is for a type codec to say. Nothing that a getter, a proxy or a type codec throws comes out of `encode`.
 *
 * `decode` throws an `Error` that says nothing of the bytes.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for type codecs that are none, or two of one name
 * @example
 * ```ts
 * const money: TypeCodec = {
 *   name: 'Money',
 *   is: (value) => value instanceof Money,
 *   encode: ({ cents, currency }: Money) => [cents, currency],
 *   decode: (data) => new Money(...(data as [bigint, string])),
 * }
 * structuredCodec({ types: [money] })
 * ```
 */
export function structuredCodec(options: StructuredCodecOptions = {}): Codec {
  const types = new TypeCodecs(options.types ?? [])
  return {
    name: 'structured',
    encode(value) {
      try {
        const bytes = encoded(value, types)
        return bytes.length > LARGEST_PAYLOAD ? undefined : bytes
      } catch {
        return undefined
      }
    },
    decode(bytes) {
      try {
        return decoded(bytes, types)
      } catch {
        // What a parser or a type's codec throws may quote the value.
        throw new Error('stored bytes are not what the structured codec makes')
      }
    },
  }
}

function encoded(value: unknown, types: TypeCodecs): Uint8Array {
  if (ArrayBuffer.isView(value)) {
    const bytes = alone(value, types)
    if (bytes) return bytes
  }
  const writer = new FormWriter(types)
  const form = writer.form(value, 0)
  const text = JSON.stringify(form)
  return form === value ? utf8Bytes(text) : withParts(text, writer.parts)
}

/** Bytes that are the whole value, behind their mark. */
function alone(value: ArrayBufferView, types: TypeCodecs): Uint8Array | undefined {
  if (types.find(value)) return undefined
  const known = builtIn(value)
  if (known?.kind !== 'binary' || !(known.name === 'Uint8Array' || known.name === 'Buffer')) return undefined
  const bytes = new Uint8Array(1 + known.bytes.length)
  bytes[0] = known.name === 'Buffer' ? BUFFER : BYTES
  bytes.set(known.bytes, 1)
  return bytes
}

function withParts(text: string, parts: readonly Uint8Array[]): Uint8Array {
  const form = utf8Bytes(text)
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, FORM_HEAD + form.length))
  bytes[0] = FORM
  new DataView(bytes.buffer).setUint32(1, form.length, true)
  bytes.set(form, FORM_HEAD)
  let at = FORM_HEAD + form.length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function decoded(bytes: Uint8Array, types: TypeCodecs): unknown {
  switch (bytes[0]) {
    case BYTES:
      return binary('Uint8Array', bytes.subarray(1))
    case BUFFER:
      return binary('Buffer', bytes.subarray(1))
    case FORM:
      return formed(bytes, types)
    default:
      return plain(bytes)
  }
}

function plain(bytes: Uint8Array): unknown {
  const value: unknown = JSON.parse(utf8Text(bytes))
  // Each level takes two bytes at the least, so short texts need no look.
  if (bytes.length > DEEPEST * 2 && !isShallow(value)) throw new RangeError('too deep')
  return value
}

function formed(bytes: Uint8Array, types: TypeCodecs): unknown {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true)
  const end = FORM_HEAD + length
  if (end > bytes.length) throw new RangeError('too short')
  const form: unknown = JSON.parse(utf8Text(bytes.subarray(FORM_HEAD, end)))
  return new FormReader(types, bytes.subarray(end)).value(form)
}
