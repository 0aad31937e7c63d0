import { binary } from './codec-built-in.js'
import { DEEPEST, isMark, MARK } from './codec-form.js'
import type { TypeCodecs } from './codec-types.js'

const NUMBERS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/** Stands for a hole until the list that has it takes it out. */
const HOLE = Symbol('hole')

/** Makes values of forms again, in place: it owns what JSON.parse has just made. Throws for what no writer makes. */
export class FormReader {
  readonly #types: TypeCodecs
  readonly #parts: Uint8Array
  #at = 0

  constructor(types: TypeCodecs, parts: Uint8Array) {
    this.#types = types
    this.#parts = parts
  }

  /** The value of a whole form, which takes up all of the binary data. */
  value(form: unknown): unknown {
    const value = this.#value(form, 0)
    if (this.#at !== this.#parts.length) throw malformed()
    return value
  }

  #value(form: unknown, depth: number): unknown {
    const value = this.#element(form, depth)
    if (value === HOLE) throw malformed()
    return value
  }

  #element(form: unknown, depth: number): unknown {
    if (typeof form !== 'object' || form === null) return form
    if (!Array.isArray(form)) return this.#record(form as Record<string, unknown>, depth)
    return isMark(form[0]) ? this.#marked(form as [string, ...unknown[]], depth) : this.#list(form, depth)
  }

  #record(record: Record<string, unknown>, depth: number): object {
    limit(depth)
    for (const name of Object.keys(record)) {
      const form = record[name]
      if (typeof form !== 'object' || form === null) continue
      const value = this.#value(form, depth + 1)
      // The property is there already, as an own one: even __proto__ is written and no prototype set.
      if (value !== form) record[name] = value
    }
    return record
  }

  #list(list: unknown[], depth: number): unknown[] {
    limit(depth)
    for (let at = 0; at < list.length; at++) {
      const form = list[at]
      if (typeof form !== 'object' || form === null) continue
      const value = this.#element(form, depth + 1)
      if (value === HOLE) Reflect.deleteProperty(list, at)
      else if (value !== form) list[at] = value
    }
    return list
  }

  #marked(form: [string, ...unknown[]], depth: number): unknown {
    switch (form[0]) {
      case MARK.list:
        return this.#list(form.slice(1), depth)
      case MARK.map:
        return this.#map(form.slice(1), depth)
      case MARK.set:
        return new Set(this.#values(form.slice(1), depth))
      case MARK.bare:
        return this.#bare(form[1], depth)
      case MARK.type:
        return this.#type(form[1], form[2], depth)
      case MARK.binary:
        return this.#binary(form[1], form[2])
      case MARK.hole:
        return HOLE
      case MARK.undefined:
        return undefined
      default:
        return leaf(form)
    }
  }

  #values(list: unknown[], depth: number): unknown[] {
    limit(depth)
    return list.map((form) => this.#value(form, depth + 1))
  }

  #map(list: unknown[], depth: number): Map<unknown, unknown> {
    if (list.length % 2 !== 0) throw malformed()
    const parts = this.#values(list, depth)
    const map = new Map<unknown, unknown>()
    for (let at = 0; at < parts.length; at += 2) map.set(parts[at], parts[at + 1])
    return map
  }

  #bare(form: unknown, depth: number): object {
    if (typeof form !== 'object' || form === null || Array.isArray(form)) throw malformed()
    return Object.setPrototypeOf(this.#record(form as Record<string, unknown>, depth), null) as object
  }

  #type(name: unknown, form: unknown, depth: number): unknown {
    limit(depth)
    const type = typeof name === 'string' ? this.#types.named(name) : undefined
    if (!type) throw malformed()
    return type.decode(this.#value(form, depth + 1))
  }

  /** The next part, of a length that is there: nothing is reserved for bytes that did not come. */
  #binary(name: unknown, length: unknown): object {
    const from = this.#at
    if (typeof name !== 'string' || !Number.isSafeInteger(length) || (length as number) < 0) throw malformed()
    if ((length as number) > this.#parts.length - from) throw malformed()
    this.#at += length as number
    return binary(name, this.#parts.subarray(from, this.#at))
  }
}

/** Whether a value that JSON.parse made nests no deeper than a writer writes. */
export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth >= DEEPEST) return false
  if (Array.isArray(value)) {
    for (const part of value) if (typeof part === 'object' && !isShallow(part, depth + 1)) return false
    return true
  }
  const record = value as Record<string, unknown>
  for (const name of Object.keys(record)) {
    const part = record[name]
    if (typeof part === 'object' && !isShallow(part, depth + 1)) return false
  }
  return true
}

function leaf([mark, first, second, third]: readonly unknown[]): unknown {
  switch (mark) {
    case MARK.date:
      return date(first)
    case MARK.number:
      if (!NUMBERS.has(first as string)) throw malformed()
      return NUMBERS.get(first as string)
    case MARK.bigint:
      return bigint(first)
    case MARK.regexp:
      return regexp(first, second, third)
    case MARK.url:
      if (typeof first !== 'string') throw malformed()
      return new URL(first)
    default:
      throw malformed()
  }
}

/** Invalid dates have no time, which JSON writes as null. */
function date(time: unknown): Date {
  if (time === null) return new Date(Number.NaN)
  if (!Number.isInteger(time) || Math.abs(time as number) > 8.64e15) throw malformed()
  return new Date(time as number)
}

function bigint(digits: unknown): bigint {
  if (typeof digits !== 'string' || !/^-?[0-9a-f]+$/.test(digits)) throw malformed()
  return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`)
}

function regexp(source: unknown, flags: unknown, lastIndex: unknown): RegExp {
  if (typeof source !== 'string' || typeof flags !== 'string' || typeof lastIndex !== 'number') throw malformed()
  const made = new RegExp(source, flags)
  made.lastIndex = lastIndex
  return made
}

function limit(depth: number): void {
  if (depth >= DEEPEST) throw malformed()
}

function malformed(): Error {
  return new Error('malformed form')
}
