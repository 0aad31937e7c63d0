import { isPlainObject } from '../key-text.js'
import { type BuiltIn, builtIn, isPlainArray } from './codec-built-in.js'
import { DEEPEST, isMark, MARK } from './codec-form.js'
import type { TypeCodecs } from './codec-types.js'
import { LARGEST_PAYLOAD } from './payload-limit.js'

/** One error for all that is refused: building a stack for each would cost more than the walk. */
const REFUSED = new Error('not a value that is stored')

/** Walks one value and gives its form: the value itself where JSON keeps all of it, so that most are walked and not copied. */
export class FormWriter {
  /** Binary data of the value, in the order of its marks. */
  readonly parts: Uint8Array[] = []
  readonly #types: TypeCodecs
  /**
   * What is left of a lower bound of the bytes: an object that is referred to twice is written twice, so a few kilobytes of
   * references can mean a value without end.
   */
  #room = LARGEST_PAYLOAD

  constructor(types: TypeCodecs) {
    this.#types = types
  }

  /** Throws where the value is not stored. */
  form(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.#take(value.length)
        return value
      case 'number':
        return isJsonNumber(value) ? value : [MARK.number, Object.is(value, -0) ? '-0' : String(value)]
      case 'boolean':
        return value
      case 'undefined':
        return [MARK.undefined]
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        throw REFUSED
    }
  }

  #take(bytes: number): void {
    this.#room -= bytes
    if (this.#room < 0) throw REFUSED
  }

  /** In hexadecimal digits: making a number of decimal ones takes longer than linear time. */
  #bigint(value: bigint): readonly unknown[] {
    const digits = value.toString(16)
    this.#take(digits.length)
    return [MARK.bigint, digits]
  }

  #object(value: object, depth: number): unknown {
    // A cycle ends here as well.
    if (depth >= DEEPEST) throw REFUSED
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return this.#record(value as Record<string, unknown>, depth)
    if (isPlainArray(value)) return this.#list(value, depth)
    if (prototype === null) return [MARK.bare, this.#record(value as Record<string, unknown>, depth)]
    if (isPlainObject(value)) return this.#record(value as Record<string, unknown>, depth)
    return this.#instance(value, depth)
  }

  /** Enumerable properties under a text, as in JSON: the rest of an object is not its data. */
  #record(record: Record<string, unknown>, depth: number): object {
    refuseOwnJson(record)
    let copy: Record<string, unknown> | undefined
    for (const name of Object.keys(record)) {
      this.#take(name.length + 3)
      const part = record[name]
      const form = this.form(part, depth + 1)
      if (form === part) continue
      // An own property called __proto__ is copied as one, so that writing it below stays clear of the prototype.
      copy ??= { ...record }
      copy[name] = form
    }
    return copy ?? record
  }

  #list(list: readonly unknown[], depth: number): readonly unknown[] {
    refuseOwnJson(list)
    // Before the walk: a list without elements can be longer than any walk.
    this.#take(list.length)
    let copy: unknown[] | undefined
    for (let at = 0; at < list.length; at++) {
      const part = list[at]
      const form = part === undefined && !(at in list) ? [MARK.hole] : this.form(part, depth + 1)
      if (form === part) continue
      copy ??= list.slice()
      copy[at] = form
    }
    if (list.length > 0 && isMark(list[0])) return [MARK.list, ...(copy ?? list)]
    return copy ?? list
  }

  /** Registered types come first: their classes may extend what is known. */
  #instance(value: object, depth: number): readonly unknown[] {
    const type = this.#types.find(value)
    if (type) {
      this.#take(type.name.length)
      return [MARK.type, type.name, this.form(type.encode(value as never), depth + 1)]
    }
    const known = builtIn(value)
    if (!known) throw REFUSED
    return this.#known(known, depth)
  }

  #known(known: BuiltIn, depth: number): readonly unknown[] {
    switch (known.kind) {
      case 'date':
        return [MARK.date, Date.prototype.getTime.call(known.value)]
      case 'map':
        return [MARK.map, ...this.#forms([...known.value].flat(1), depth)]
      case 'set':
        return [MARK.set, ...this.#forms([...known.value], depth)]
      case 'regexp':
        this.#take(known.value.source.length)
        if (!Number.isSafeInteger(known.value.lastIndex)) throw REFUSED
        return [MARK.regexp, known.value.source, known.value.flags, known.value.lastIndex]
      case 'url':
        this.#take(known.value.href.length)
        return [MARK.url, known.value.href]
      case 'binary':
        this.#take(known.bytes.length)
        this.parts.push(known.bytes)
        return [MARK.binary, known.name, known.bytes.length]
    }
  }

  #forms(parts: readonly unknown[], depth: number): unknown[] {
    this.#take(parts.length)
    return parts.map((part) => this.form(part, depth + 1))
  }
}

/** JSON.stringify would write what the method gives, and it need not be among the properties that are walked. */
function refuseOwnJson(value: object): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') throw REFUSED
}

function isJsonNumber(value: number): boolean {
  return value === 0 ? 1 / value > 0 : Number.isFinite(value)
}
