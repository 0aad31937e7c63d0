import { CONTENT_FIELDS, type Validators } from './decide/conditional.js'
import type { HeaderFields } from './syntax/header-fields.js'

/** What a stored response is made of. */
export interface StoredParts {
  readonly status: number
  /** The fields to replay, but `Age` and `Cache-Status`. */
  readonly fields: HeaderFields
  readonly body: Uint8Array
  /** Milliseconds it was old when it was stored. */
  readonly age: number
  /** Whether it may answer a request that carries credentials at a scope that everybody shares. */
  readonly permitted: boolean
  readonly validators: Validators
}

/** Bytes up to which a body is kept as text, too, once it was sent in one piece with its head. */
export const SMALL_BODY = 16 * 1024

/** Header values by name as they were written; several lines are a list. */
export type GroupedFields = readonly (readonly [name: string, value: string | readonly string[]])[]

/** A complete response: bytes and plain values, never changed and shared with nobody but its replays. */
export class StoredResponse implements StoredParts {
  readonly status: number
  readonly fields: HeaderFields
  readonly body: Uint8Array
  readonly age: number
  readonly permitted: boolean
  readonly validators: Validators
  #grouped: GroupedFields | undefined
  #notModified: GroupedFields | undefined

  constructor(parts: StoredParts) {
    this.status = parts.status
    this.fields = parts.fields
    this.body = parts.body
    this.age = parts.age
    this.permitted = parts.permitted
    this.validators = parts.validators
  }

  /** The fields as they are sent with a body, each name once. */
  get grouped(): GroupedFields {
    return (this.#grouped ??= groupFields(this.fields))
  }

  /** The fields as they are sent with 304, in place of the body. */
  get notModified(): GroupedFields {
    return (this.#notModified ??= this.grouped.filter(([name]) => !CONTENT.has(name.toLowerCase())))
  }

  /** Bytes it takes in memory: text is counted with two for each character, a small body twice. */
  get bytes(): number {
    const { byteLength } = this.body
    const body = byteLength <= SMALL_BODY ? 2 * byteLength : byteLength
    return this.fields.reduce((sum, [name, value]) => sum + 2 * (name.length + value.length), body)
  }
}

const CONTENT: ReadonlySet<string> = new Set(CONTENT_FIELDS)

function groupFields(fields: HeaderFields): GroupedFields {
  const groups = new Map<string, [name: string, values: string[]]>()
  for (const [name, value] of fields) {
    const group = groups.get(name.toLowerCase())
    if (group) group[1].push(value)
    else groups.set(name.toLowerCase(), [name, [value]])
  }
  return [...groups.values()].map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values])
}
