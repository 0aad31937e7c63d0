import { isRawLength } from './compression.js'
import { type EnvelopeContent, type EnvelopeTag, ID_BYTES, type OpenedEnvelope } from './envelope.js'
import { FLAG, FLAGS_AT, FORMAT, HEAD_BYTES, LARGEST_ENVELOPE, MAGIC, MAGIC_AT } from './envelope-layout.js'
import { LARGEST_PAYLOAD } from './payload-limit.js'
import type { Sealing } from './sealing.js'

const KNOWN_FLAGS = FLAG.tombstone | FLAG.signed | FLAG.compressed

const LIKELY_CODEC = 'structured'

/**
 * Opens bytes that a store gave for the entry of this identity; never throws. The seal is checked before the identity, so that
 * damage raises no false alarm. Payload and stamps are views of what was received.
 */
export function decodeEnvelope(received: Uint8Array, identity: string, sealing: Sealing): OpenedEnvelope {
  // Of a Buffer, views are slower and slices are views.
  const bytes = new Uint8Array(received.buffer, received.byteOffset, received.byteLength)
  if (!isOurs(bytes)) return { refused: 'format' }
  if (bytes.length > LARGEST_ENVELOPE) return { refused: 'size' }
  const flags = bytes[FLAGS_AT] as number
  if (((flags & FLAG.signed) !== 0) !== sealing.signed) return { refused: 'signature' }
  const end = bytes.length - sealing.length
  if (end < HEAD_BYTES || !sealing.holds(bytes)) return { refused: sealing.signed ? 'signature' : 'checksum' }
  const reader = new Reader(bytes, HEAD_BYTES, end)
  try {
    if (!reader.isNext(identity)) return { refused: 'identity' }
    const content = flags & FLAG.tombstone ? tombstone(reader) : value(reader, (flags & FLAG.compressed) !== 0)
    if (content === 'size') return { refused: 'size' }
    return new Opened(bytes.slice(0, ID_BYTES), content)
  } catch {
    return { refused: 'content' }
  }
}

/** Whether this is an envelope of this version. */
function isOurs(bytes: Uint8Array): boolean {
  if (bytes.length < HEAD_BYTES) return false
  for (let at = 0; at < MAGIC.length; at++) if (bytes[MAGIC_AT + at] !== MAGIC[at]) return false
  return bytes[MAGIC_AT + MAGIC.length] === FORMAT && ((bytes[FLAGS_AT] as number) & ~KNOWN_FLAGS) === 0
}

function tombstone(reader: Reader): EnvelopeContent {
  if (reader.left !== 0) throw malformed()
  return { kind: 'tombstone' }
}

function value(reader: Reader, compressed: boolean): EnvelopeContent | 'size' {
  const createdAt = reader.time()
  const aheadFor = reader.time()
  const freshFor = reader.time()
  const staleFor = reader.time()
  const errorFor = reader.time()
  const stamps = reader.stamps()
  const tags = reader.tags()
  const codec = reader.text(LIKELY_CODEC)
  const rawLength = compressed ? reader.number() : undefined
  const payload = reader.rest()
  const fits = rawLength === undefined ? payload.length <= LARGEST_PAYLOAD : isRawLength(rawLength, payload.length)
  if (!fits) return 'size'
  return new Value(createdAt, aheadFor, freshFor, staleFor, errorFor, stamps, tags, codec, payload, rawLength)
}

/* Instances of classes, since each look-up makes them: see lookup.ts. */

class Opened {
  readonly refused = undefined

  constructor(
    readonly writeId: Uint8Array,
    readonly content: EnvelopeContent,
  ) {}
}

class Value {
  readonly kind = 'value'

  constructor(
    readonly createdAt: number,
    readonly aheadFor: number,
    readonly freshFor: number,
    readonly staleFor: number,
    readonly errorFor: number,
    readonly stamps: Uint8Array,
    readonly tags: readonly EnvelopeTag[],
    readonly codec: string,
    readonly payload: Uint8Array,
    readonly rawLength: number | undefined,
  ) {}
}

const NO_TAGS: readonly EnvelopeTag[] = []
/** Where eight bytes become a number: a view for each envelope would cost more than all its numbers. */
const TIME_BYTES = new Uint8Array(8)
const TIME = new DataView(TIME_BYTES.buffer)

/** Reads one thing after the other, none beyond the end. Throws where there is less. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  get left(): number {
    return this.#end - this.#at
  }

  /** Whether the next text is this one. */
  isNext(text: string): boolean {
    const head = this.number()
    const length = head >>> 1
    const wide = (head & 1) === 1
    if (length !== text.length) return false
    const bytes = this.#bytes
    let at = this.#take(wide ? length * 2 : length)
    let difference = 0
    for (let index = 0; index < length; index++) {
      const unit = bytes[at++] as number
      difference |= text.charCodeAt(index) ^ (wide ? unit | ((bytes[at++] as number) << 8) : unit)
    }
    return difference === 0
  }

  /** Taken from `likely`, where it is that: most texts are the same each time. */
  text(likely?: string): string {
    const from = this.#at
    if (likely !== undefined && this.isNext(likely)) return likely
    this.#at = from
    const head = this.number()
    const length = head >>> 1
    const wide = (head & 1) === 1
    let at = this.#take(wide ? length * 2 : length)
    let text = ''
    for (let index = 0; index < length; index++) {
      const unit = this.#bytes[at++] as number
      text += String.fromCharCode(wide ? unit | ((this.#bytes[at++] as number) << 8) : unit)
    }
    return text
  }

  tags(): readonly EnvelopeTag[] {
    const count = this.count()
    if (count === 0) return NO_TAGS
    const tags: EnvelopeTag[] = []
    for (let left = count; left > 0; left--) tags.push({ name: this.text(), stamps: this.stamps() })
    return tags
  }

  stamps(): Uint8Array {
    const from = this.#take(this.count() * ID_BYTES)
    return this.#bytes.subarray(from, this.#at)
  }

  count(): number {
    const at = this.#take(2)
    return (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8)
  }

  number(): number {
    return this.count() + this.count() * 0x1_0000
  }

  /** Milliseconds: NaN would compare as fresh for ever. */
  time(): number {
    const from = this.#take(8)
    for (let at = 0; at < 8; at++) TIME_BYTES[at] = this.#bytes[from + at] as number
    const time = TIME.getFloat64(0, true)
    if (!(time >= 0 && time < Infinity)) throw malformed()
    return time
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#take(this.left), this.#end)
  }

  /** Steps over so many bytes and gives where they begin. */
  #take(bytes: number): number {
    const from = this.#at
    if (bytes > this.#end - from) throw malformed()
    this.#at = from + bytes
    return from
  }
}

function malformed(): Error {
  return new Error('malformed envelope')
}
