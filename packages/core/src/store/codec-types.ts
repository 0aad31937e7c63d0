import { configError } from '../cache-error.js'
import type { TypeCodec } from './codec.js'

/** The type codecs of one codec, found by the value when writing and by name when reading. */
export class TypeCodecs {
  readonly #byName: ReadonlyMap<string, TypeCodec>

  /** @throws CacheError `ERR_CACHE_CONFIG` for what is no type codec, a bad name, or a name that stands twice */
  constructor(types: readonly TypeCodec[]) {
    if (!Array.isArray(types) || !types.every(isTypeCodec)) {
      throw configError('types', 'type codecs: { name, is, encode, decode }, their names of 1 to 64 characters')
    }
    this.#byName = new Map(types.map((type) => [type.name, type]))
    if (this.#byName.size !== types.length) throw configError('types', 'a name of its own for each type codec')
  }

  /** The first that says it takes this value. */
  find(value: object): TypeCodec | undefined {
    for (const type of this.#byName.values()) if (type.is(value)) return type
    return undefined
  }

  named(name: string): TypeCodec | undefined {
    return this.#byName.get(name)
  }
}

function isTypeCodec(type: Partial<TypeCodec> | undefined | null): boolean {
  if (typeof type !== 'object' || type === null) return false
  if (typeof type.name !== 'string' || type.name.length === 0 || type.name.length > 64) return false
  return typeof type.is === 'function' && typeof type.encode === 'function' && typeof type.decode === 'function'
}
