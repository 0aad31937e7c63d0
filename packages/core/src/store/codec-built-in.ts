import { isPlainObject } from '../key-text.js'
import { builtin } from '../platform.js'

type BinaryConstructor = new (buffer: ArrayBuffer) => object

/** What a codec knows besides plain data. */
export type BuiltIn =
  | { readonly kind: 'date'; readonly value: Date }
  | { readonly kind: 'map'; readonly value: Map<unknown, unknown> }
  | { readonly kind: 'set'; readonly value: Set<unknown> }
  | { readonly kind: 'regexp'; readonly value: RegExp }
  | { readonly kind: 'url'; readonly value: URL }
  | { readonly kind: 'binary'; readonly name: string; readonly bytes: Uint8Array }

const platformBuffer = builtin<typeof import('node:buffer')>('node:buffer')?.Buffer

/** The views that a platform has; a name that is missing here is one that this process cannot make. */
const VIEWS = new Map<string, BinaryConstructor>(
  [
    DataView,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    (globalThis as { Float16Array?: BinaryConstructor }).Float16Array,
  ].flatMap((view) => (view ? [[view.name, view] as [string, BinaryConstructor]] : [])),
)

const typedArrayName = getter(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)
const arrayBufferLength = getter(ArrayBuffer.prototype, 'byteLength')
const regexpSource = getter(RegExp.prototype, 'source')
const urlText = getter(URL.prototype, 'href')

/**
 * What the value is, of whatever realm, or `undefined`: for an instance of a subclass too, which would come back as another
 * class. The tag is a hint that anybody can forge; the internal slot, which the access reads, is the proof.
 */
export function builtIn(value: object): BuiltIn | undefined {
  if (ArrayBuffer.isView(value)) return view(value)
  const prototype = Object.getPrototypeOf(value) as object
  if (!isPlainObject(prototype)) return undefined
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      Date.prototype.getTime.call(value)
      return { kind: 'date', value: value as Date }
    case '[object Map]':
      Map.prototype.has.call(value, undefined)
      return { kind: 'map', value: value as Map<unknown, unknown> }
    case '[object Set]':
      Set.prototype.has.call(value, undefined)
      return { kind: 'set', value: value as Set<unknown> }
    case '[object RegExp]':
      regexpSource.call(value)
      return { kind: 'regexp', value: value as RegExp }
    case '[object URL]':
      urlText.call(value)
      return { kind: 'url', value: value as URL }
    case '[object ArrayBuffer]':
      arrayBufferLength.call(value)
      return { kind: 'binary', name: 'ArrayBuffer', bytes: new Uint8Array(value as ArrayBuffer) }
    default:
      return undefined
  }
}

function view(value: ArrayBufferView): BuiltIn | undefined {
  const name = viewName(value)
  if (name === undefined) return undefined
  return { kind: 'binary', name, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) }
}

function viewName(value: ArrayBufferView): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object
  if (prototype === Uint8Array.prototype) return 'Uint8Array'
  if (prototype === platformBuffer?.prototype) return 'Buffer'
  const name = typedArrayName.call(value) as string | undefined
  if (name === undefined) return isPlainObject(prototype) ? 'DataView' : undefined
  return isPlainObject(Object.getPrototypeOf(prototype) as object) ? name : undefined
}

/**
 * Binary data of the named kind, with memory of its own: a view of what a client received would keep all of that alive, and
 * two readers would share it. A Buffer is an Uint8Array where the platform has no Buffer. Throws for an unknown name.
 */
export function binary(name: string, bytes: Uint8Array): object {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  if (name === 'Uint8Array') return copy
  if (name === 'Buffer') return platformBuffer ? platformBuffer.from(copy.buffer) : copy
  if (name === 'ArrayBuffer') return copy.buffer
  const View = VIEWS.get(name)
  if (!View) throw new Error('unknown kind of binary data')
  return new View(copy.buffer)
}

/** Whether this is a list, of whatever realm, and not of a class that extends lists. */
export function isPlainArray(value: object): value is unknown[] {
  if (!Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value) as object
  // The prototype of lists is the only one that is a list itself.
  return prototype === Array.prototype || (Array.isArray(prototype) && isPlainObject(prototype))
}

function getter(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => unknown
}
