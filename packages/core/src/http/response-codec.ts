import type { Engine } from '../engine.js'
import type { ValueCodec } from '../value-codec.js'
import type { Validators } from './decide/conditional.js'
import { StoredResponse, type StoredParts } from './stored-response.js'
import type { HeaderFields } from './syntax/header-fields.js'
import { VariantIndex } from './variant-index.js'

/** Bytes that say how long the head is. */
const LENGTH_BYTES = 4

/** What stands before the body. */
type Head = Omit<StoredParts, 'body'>

/** Stored responses in a store: the head as JSON, then the body as it is. */
const responses: ValueCodec = {
  name: '@response',
  encode(value) {
    if (!(value instanceof StoredResponse)) return undefined
    const { status, fields, age, permitted, validators, body } = value
    const head = new TextEncoder().encode(JSON.stringify({ status, fields, age, permitted, validators } satisfies Head))
    const bytes = new Uint8Array(LENGTH_BYTES + head.length + body.length)
    new DataView(bytes.buffer).setUint32(0, head.length)
    bytes.set(head, LENGTH_BYTES)
    bytes.set(body, LENGTH_BYTES + head.length)
    return bytes
  },
  decode(bytes) {
    const start = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, start))) as Head
    if (!isHead(head) || start > bytes.length) throw new Error('not a stored response')
    // A copy: the view would keep everything alive that came with it.
    return new StoredResponse({ ...head, body: Uint8Array.prototype.slice.call(bytes, start) })
  },
}

/** Which headers a URL varies by. Which variants there are each process finds out for itself. */
const variants: ValueCodec = {
  name: '@variants',
  encode(value) {
    if (!(value instanceof VariantIndex)) return undefined
    return new TextEncoder().encode(JSON.stringify([value.id, ...value.names]))
  },
  decode(bytes) {
    const [id, ...names] = JSON.parse(new TextDecoder().decode(bytes)) as unknown[]
    if (typeof id !== 'string' || !names.every((name) => typeof name === 'string')) throw new Error('not an index')
    const index = new VariantIndex(id)
    if (!index.learn(names)) throw new Error('an index of too many names')
    return index
  },
}

/** Lets the second tier, if there is one, take what routes keep. */
export function registerResponseCodecs({ codecs }: Engine): void {
  if (!codecs.includes(responses)) codecs.push(responses, variants)
}

function isHead(head: Head): boolean {
  const { status, age, permitted, validators } = head
  const whole = Number.isInteger(status) && Number.isFinite(age) && typeof permitted === 'boolean'
  return whole && isFields(head.fields) && isValidators(validators)
}

function isFields(fields: HeaderFields): boolean {
  return (
    Array.isArray(fields) &&
    fields.every((line) => Array.isArray(line) && line.length === 2 && line.every((part) => typeof part === 'string'))
  )
}

function isValidators(validators: Validators | undefined): boolean {
  return typeof validators === 'object' && validators !== null
}
