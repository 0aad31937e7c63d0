import { joinStamps, type Envelope, type EnvelopeContent } from '../../src/store/envelope.js'
import { structuredCodec } from '../../src/store/structured-codec.js'

/** 16 bytes that are told apart from those of another number. */
export function id(number: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, at) => (number * 31 + at * 7) & 255)
}

export const IDENTITY = 'v1:organization=org_1/user=user_2:settings:(a,*5)'
export const SIGNING_KEY = 'snapshots are signed with this'

type ValueContent = Extract<EnvelopeContent, { kind: 'value' }>

/** A value as the second tier writes it, three levels deep. */
export function valueContent(changes: Partial<ValueContent> = {}): ValueContent {
  return {
    kind: 'value',
    createdAt: 1_767_225_600_123,
    aheadFor: 250,
    freshFor: 300_000,
    staleFor: 60_000.5,
    errorFor: 0,
    stamps: joinStamps([1, 2, 3, 4, 5, 6].map(id)),
    tags: [],
    codec: 'structured',
    payload: Buffer.from('{"theme":"dark"}'),
    ...changes,
  }
}

export function envelope(content: EnvelopeContent = valueContent(), identity = IDENTITY): Envelope {
  return { writeId: id(9), identity, content }
}

/** A value of everything that the structured codec has a mark for. */
export const EVERYTHING = {
  plain: ['a', 1, true, null, { ключ: '\u{1f600}' }],
  special: [undefined, Number.NaN, Infinity, -Infinity, -0, -255n, '\ud800'],
  objects: [new Date(1_767_225_600_123), /a"b/giu, new Map<unknown, unknown>([['k', new Set([1])]])],
  bare: Object.assign(Object.create(null) as object, { a: 1 }),
  marks: ['~d', 5],
  holes: Object.assign(new Array(3), { 1: 'b' }) as unknown[],
  binary: [Uint8Array.of(1, 2), Buffer.from('é'), Float64Array.of(0.5), Uint8Array.of(3).buffer],
}

const ITEMS = Array.from({ length: 20 }, (_, at) => `item ${at}`)

/** Raw deflate of their JSON, as one version of zlib wrote it: the others read it, and may write other bytes. */
const DEFLATED = Buffer.from(
  '45cd2b0e80301405d1ad90a7114ca1bfb5106405a28efd0741eec51d3573c6fd8cb96cb17e4048c22e1c42168a5085267407ffb4db388eeb388ffb78800f78418feb05',
  'hex',
)

const codec = structuredCodec()
const payload = (value: unknown) => codec.encode(value) as Uint8Array

/** What the files in snapshots/ hold: `<name>.<format version>.hex`. */
export const SAMPLES: readonly { name: string; envelope: Envelope; signed?: true; value?: unknown }[] = [
  { name: 'tombstone', envelope: envelope({ kind: 'tombstone' }) },
  { name: 'plain', envelope: envelope(), value: { theme: 'dark' } },
  { name: 'signed', envelope: envelope(), signed: true, value: { theme: 'dark' } },
  { name: 'everything', envelope: envelope(valueContent({ payload: payload(EVERYTHING) })), value: EVERYTHING },
  {
    name: 'bytes',
    envelope: envelope(valueContent({ payload: payload(Buffer.from([0, 255, 10])) })),
    value: Buffer.from([0, 255, 10]),
  },
  {
    name: 'tags',
    envelope: envelope(
      valueContent({
        tags: [
          { name: 'invoices', stamps: joinStamps([7, 8, 9].map(id)) },
          { name: 'żółw\ud800', stamps: joinStamps([10, 11, 12].map(id)) },
        ],
      }),
    ),
    value: { theme: 'dark' },
  },
  { name: 'wide-identity', envelope: envelope(valueContent(), 'v1:user=日本\udc00'), value: { theme: 'dark' } },
  { name: 'compressed', envelope: envelope(valueContent({ payload: DEFLATED, rawLength: 191 })), value: ITEMS },
]
