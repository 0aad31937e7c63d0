import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/store/checksum.js'
import { unpack } from '../../src/store/compression.js'
import { joinStamps, type Envelope, type EnvelopeContent } from '../../src/store/envelope.js'
import { decodeEnvelope } from '../../src/store/envelope-reader.js'
import { encodeEnvelope } from '../../src/store/envelope-writer.js'
import { Sealing } from '../../src/store/sealing.js'
import { structuredCodec } from '../../src/store/structured-codec.js'
import { SEED } from '../support/seed.js'
import { envelope, id, IDENTITY, SAMPLES, SIGNING_KEY, valueContent } from './envelope-samples.js'

/* T-09, T-30: an envelope is read where it is the one that was written for this entry, and nowhere else. */

const plain = new Sealing()
const signed = new Sealing(SIGNING_KEY)
const sealings: [string, Sealing][] = [
  ['a checksum', plain],
  ['a signature', signed],
]
const tagged = valueContent({ tags: [{ name: 'invoices', stamps: joinStamps([7, 8, 9].map(id)) }] })

/** The bytes with their checksum made right again: whoever writes to the store can do that. */
function resealed(bytes: Uint8Array): Uint8Array {
  plain.seal(bytes)
  return bytes
}

/** Content as it compares: bytes by what they are, not by which kind of view holds them. */
function comparable(content: EnvelopeContent): EnvelopeContent {
  return content.kind === 'tombstone' ? content : { ...content, payload: Uint8Array.from(content.payload) }
}

describe.each(sealings)('an envelope with %s', (_, sealing) => {
  const refusal = sealing.signed ? 'signature' : 'checksum'

  it.each<[string, Envelope]>([
    ['a value', envelope()],
    ['a value with tags', envelope(tagged)],
    ['a compressed value', envelope(valueContent({ rawLength: 20 }))],
    [
      'a value without stamps, tags and bytes',
      envelope(valueContent({ stamps: new Uint8Array(0), payload: new Uint8Array(0) })),
    ],
    ['a value of another codec', envelope(valueContent({ codec: 'structured2' }))],
    ['a tombstone', envelope({ kind: 'tombstone' })],
    ['an identity in Japanese', envelope(valueContent(), '日本')],
    ['an empty identity', envelope(valueContent(), '')],
    ['a long identity', envelope(valueContent(), 'é'.repeat(100_000))],
  ])('keeps %s', (_, written) => {
    const bytes = encodeEnvelope(written, sealing)
    expect(bytes.subarray(0, 16)).toEqual(written.writeId)
    for (const given of [bytes, Buffer.from(bytes), Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3)]) {
      const opened = decodeEnvelope(given, written.identity, sealing)
      if (opened.refused !== undefined) throw new Error(opened.refused)
      expect(opened.writeId).toStrictEqual(written.writeId)
      expect(comparable(opened.content)).toEqual(comparable(written.content))
    }
  })

  it.each([
    ['another user', 'v1:organization=org_1/user=user_3:settings:(a,*5)'],
    ['another key', 'v1:organization=org_1/user=user_2:settings:(a,*6)'],
    ['the same and more', `${IDENTITY})`],
    ['the beginning', IDENTITY.slice(0, -1)],
    ['nothing', ''],
    ['characters that share a low byte', IDENTITY.replace('v', '\u0176')],
  ])('says to %s that it is foreign', (_, identity) => {
    expect(decodeEnvelope(encodeEnvelope(envelope(), sealing), identity, sealing)).toEqual({ refused: 'identity' })
    expect(decodeEnvelope(encodeEnvelope(envelope(valueContent(), identity), sealing), IDENTITY, sealing)).toEqual({
      refused: 'identity',
    })
  })

  it('tells identities with different lone surrogates apart', () => {
    const bytes = encodeEnvelope(envelope(valueContent(), 'u\ud800'), sealing)
    expect(decodeEnvelope(bytes, 'u\ud800', sealing).refused).toBeUndefined()
    expect(decodeEnvelope(bytes, 'u\ud801', sealing)).toEqual({ refused: 'identity' })
    expect(decodeEnvelope(bytes, 'u\ufffd', sealing)).toEqual({ refused: 'identity' })
  })

  it('is refused where any one bit is turned', () => {
    const bytes = encodeEnvelope(envelope(tagged), sealing)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Uint8Array.from(bytes)
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      const { refused } = decodeEnvelope(altered, IDENTITY, sealing)
      expect(['format', 'signature', refusal]).toContain(refused)
    }
  })

  it(`is refused where it is damaged at random (seed ${SEED})`, () => {
    const bytes = encodeEnvelope(envelope(tagged), sealing)
    const turned = fc.array(fc.nat(bytes.length * 8 - 1), { minLength: 1, maxLength: 12 }).map((bits) => {
      const altered = Uint8Array.from(bytes)
      for (const bit of new Set(bits)) altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
      return altered
    })
    const cut = fc.nat(bytes.length - 1).map((length) => bytes.slice(0, length))
    const longer = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((tail) => Uint8Array.of(...bytes, ...tail))
    const random = fc.uint8Array({ maxLength: 200 })
    const begun = fc.uint8Array({ maxLength: 200 }).map((tail) => Uint8Array.of(...bytes.subarray(0, 21), ...tail))
    const refused = fc.property(fc.oneof(turned, cut, longer, random, begun), (given) => {
      expect(decodeEnvelope(given, IDENTITY, sealing).refused).not.toBeUndefined()
    })
    fc.assert(refused, { seed: SEED, numRuns: 5000 })
  })

  it('gives what outlives the bytes it came in as a copy', () => {
    const bytes = Buffer.from(encodeEnvelope(envelope(tagged), sealing))
    const opened = decodeEnvelope(bytes, IDENTITY, sealing)
    bytes.fill(0)
    expect(opened).toMatchObject({ writeId: id(9), content: { codec: 'structured', freshFor: 300_000 } })
  })
})

describe('an envelope', () => {
  it.each<[string, (bytes: Uint8Array) => void]>([
    ['of a newer version', (bytes) => void (bytes[19] = 2)],
    ['of another magic', (bytes) => void (bytes[16] = 0x7b)],
    ['with a flag that does not exist', (bytes) => void (bytes[20] = 8)],
  ])('%s is of another format', (_, alter) => {
    const bytes = encodeEnvelope(envelope(), plain)
    alter(bytes)
    expect(decodeEnvelope(resealed(bytes), IDENTITY, plain)).toEqual({ refused: 'format' })
  })

  it.each(['', 'OK', '{"value":1,"expires":1767225600123}', '\u0000'.repeat(100)])('is not what says %j', (text) => {
    expect(decodeEnvelope(Buffer.from(text), IDENTITY, plain)).toEqual({ refused: 'format' })
  })

  it.each<[string, Uint8Array, Sealing]>([
    ['without a signature where there is a key', encodeEnvelope(envelope(), plain), signed],
    ['with a signature where there is no key', encodeEnvelope(envelope(), signed), plain],
    ['of another key', encodeEnvelope(envelope(), new Sealing('another key of some length')), signed],
  ])('%s is refused', (_, bytes, sealing) => {
    expect(decodeEnvelope(bytes, IDENTITY, sealing)).toEqual({ refused: 'signature' })
  })

  /** Each alteration stands behind a right checksum, as who has no key to care about would write it. */
  const at = 21 + 4 + IDENTITY.length
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer)
  it.each<[string, (bytes: Uint8Array) => unknown, string]>([
    ['identity', (bytes) => void (bytes[30] = 0), 'identity'],
    ['length of the identity', (bytes) => view(bytes).setUint32(21, 2 ** 32 - 1, true), 'identity'],
    ['width of the identity', (bytes) => view(bytes).setUint32(21, IDENTITY.length * 2 + 1, true), 'identity'],
    ['time of creation', (bytes) => view(bytes).setFloat64(at, Number.NaN, true), 'content'],
    ['time without a reload', (bytes) => view(bytes).setFloat64(at + 8, -1, true), 'content'],
    ['time to be fresh', (bytes) => view(bytes).setFloat64(at + 16, Infinity, true), 'content'],
    ['time to be stale', (bytes) => view(bytes).setFloat64(at + 24, -1, true), 'content'],
    ['time for errors', (bytes) => view(bytes).setFloat64(at + 32, Number.NaN, true), 'content'],
    ['number of stamps', (bytes) => view(bytes).setUint16(at + 40, 65_535, true), 'content'],
    ['number of tags', (bytes) => view(bytes).setUint16(at + 42 + 96, 65_535, true), 'content'],
    ['length of the codec', (bytes) => view(bytes).setUint32(at + 44 + 96, 2 ** 32 - 2, true), 'content'],
    ['kind', (bytes) => void (bytes[20] = 1), 'content'],
    ['compression', (bytes) => void (bytes[20] = 4), 'size'],
  ])('with an altered %s is refused', (_, alter, refused) => {
    const bytes = encodeEnvelope(envelope(), plain)
    alter(bytes)
    expect(decodeEnvelope(resealed(bytes), IDENTITY, plain)).toEqual({ refused })
  })

  it('takes nothing that ends too early, whatever its checksum says', () => {
    const bytes = encodeEnvelope(envelope(valueContent({ tags: tagged.tags, payload: new Uint8Array(0) })), plain)
    for (let end = 0; end < bytes.length - 1; end++) {
      const cut = bytes.slice(0, end)
      if (end >= 20) resealed(cut)
      expect(decodeEnvelope(cut, IDENTITY, plain).refused).not.toBeUndefined()
    }
  })

  it.each([
    ['a payload above 8 MiB', valueContent({ payload: new Uint8Array(8 * 1024 * 1024 + 1) })],
    ['far above', valueContent({ payload: new Uint8Array(10 * 1024 * 1024) })],
    ['one that would be', valueContent({ payload: new Uint8Array(1024 * 1024), rawLength: 8 * 1024 * 1024 + 1 })],
    ['one that grows more than tenfold', valueContent({ payload: new Uint8Array(10), rawLength: 101 })],
    ['one that becomes nothing', valueContent({ payload: new Uint8Array(10), rawLength: 0 })],
  ])('with %s is too large', (_, content) => {
    expect(decodeEnvelope(encodeEnvelope(envelope(content), plain), IDENTITY, plain)).toEqual({ refused: 'size' })
  })

  it('with a payload of 8 MiB is read', () => {
    const content = valueContent({ payload: new Uint8Array(8 * 1024 * 1024) })
    expect(decodeEnvelope(encodeEnvelope(envelope(content), plain), IDENTITY, plain).refused).toBeUndefined()
  })

  it('ends with the checksum of all before it', () => {
    const bytes = encodeEnvelope(envelope(), plain)
    const end = bytes.length - 4
    expect(view(bytes).getUint32(end, true)).toBe(crc32(bytes.subarray(0, end)))
  })
})

describe('a stored envelope', () => {
  const folder = new URL('snapshots/', import.meta.url)
  const stored = (file: string) =>
    Uint8Array.from(Buffer.from(readFileSync(new URL(file, folder), 'utf8').trim(), 'hex'))
  const codec = structuredCodec()

  it('of each kind is there', () => {
    expect(readdirSync(folder).sort()).toEqual(SAMPLES.map(({ name }) => `${name}.1.hex`).sort())
  })

  describe.each(SAMPLES)('$name', ({ name, envelope: written, signed: isSigned, value }) => {
    const sealing = isSigned ? signed : plain

    it('of format 1 is still read', async () => {
      const opened = decodeEnvelope(stored(`${name}.1.hex`), written.identity, sealing)
      if (opened.refused !== undefined) throw new Error(opened.refused)
      expect(comparable(opened.content)).toEqual(comparable(written.content))
      if (opened.content.kind === 'tombstone') return
      const again = codec.decode(await unpack(opened.content))
      expect(isDeepStrictEqual(again, value)).toBe(true)
    })

    it('is written as format 1 still', () => {
      expect(encodeEnvelope(written, sealing)).toEqual(stored(`${name}.1.hex`))
    })
  })
})
