import { type Envelope, type EnvelopeContent, ID_BYTES } from './envelope.js'
import { FLAG, FLAGS_AT, FORMAT, HEAD_BYTES, MAGIC, MAGIC_AT } from './envelope-layout.js'
import type { Sealing } from './sealing.js'

type ValueContent = Extract<EnvelopeContent, { kind: 'value' }>

const TIMES_BYTES = 40
const WIDE = /[\u0100-\uffff]/

/** The bytes of an envelope, in memory of their own. */
export function encodeEnvelope({ writeId, identity, content }: Envelope, sealing: Sealing): Uint8Array {
  const length = HEAD_BYTES + textBytes(identity) + sealing.length
  const writer = new Writer(length + (content.kind === 'value' ? valueBytes(content) : 0))
  writer.head(writeId, flags(content, sealing))
  writer.text(identity)
  if (content.kind === 'value') value(writer, content)
  sealing.seal(writer.bytes)
  return writer.bytes
}

function flags(content: EnvelopeContent, sealing: Sealing): number {
  const signed = sealing.signed ? FLAG.signed : 0
  if (content.kind === 'tombstone') return signed | FLAG.tombstone
  return content.rawLength === undefined ? signed : signed | FLAG.compressed
}

function value(writer: Writer, content: ValueContent): void {
  writer.float(content.createdAt)
  writer.float(content.aheadFor)
  writer.float(content.freshFor)
  writer.float(content.staleFor)
  writer.float(content.errorFor)
  writer.stamps(content.stamps)
  writer.count(content.tags.length)
  for (const { name, stamps } of content.tags) {
    writer.text(name)
    writer.stamps(stamps)
  }
  writer.text(content.codec)
  if (content.rawLength !== undefined) writer.number(content.rawLength)
  writer.append(content.payload)
}

function valueBytes({ stamps, tags, codec, rawLength, payload }: ValueContent): number {
  let bytes = TIMES_BYTES + stampsBytes(stamps) + 2 + textBytes(codec) + payload.length
  for (const tag of tags) bytes += textBytes(tag.name) + stampsBytes(tag.stamps)
  return rawLength === undefined ? bytes : bytes + 4
}

function textBytes(text: string): number {
  return 4 + (WIDE.test(text) ? text.length * 2 : text.length)
}

function stampsBytes(stamps: Uint8Array): number {
  return 2 + stamps.length
}

/** Writes one thing after the other. */
class Writer {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  head(writeId: Uint8Array, flags: number): void {
    this.bytes.set(writeId)
    this.bytes.set(MAGIC, MAGIC_AT)
    this.bytes[MAGIC_AT + MAGIC.length] = FORMAT
    this.bytes[FLAGS_AT] = flags
    this.#at = HEAD_BYTES
  }

  text(text: string): void {
    const wide = WIDE.test(text)
    this.number(text.length * 2 + (wide ? 1 : 0))
    let at = this.#at
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      this.bytes[at++] = unit
      if (wide) this.bytes[at++] = unit >>> 8
    }
    this.#at = at
  }

  stamps(stamps: Uint8Array): void {
    this.count(stamps.length / ID_BYTES)
    this.append(stamps)
  }

  count(count: number): void {
    this.#view.setUint16(this.#at, count, true)
    this.#at += 2
  }

  number(number: number): void {
    this.#view.setUint32(this.#at, number, true)
    this.#at += 4
  }

  float(number: number): void {
    this.#view.setFloat64(this.#at, number, true)
    this.#at += 8
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }
}
