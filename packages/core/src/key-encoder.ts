import { configError } from './cache-error.js'

/** Teaches keys to tell instances of a class apart; see {@link keyEncoder}. */
export interface KeyEncoder<T extends object = object> {
  /** Stands before the encoded data, so that two classes with equal data are two keys. */
  readonly name: string
  readonly type: abstract new (...args: never[]) => T
  /** Plain data that is equal exactly where two instances mean the same. */
  encode(instance: T): unknown
}

/**
 * Registers how instances of a class enter a key: `createCache({ keyEncoders: [keyEncoder('Money', Money, …)] })`.
 *
 * @param name unique within the cache; letters, digits, `_`, `.` and `-`
 * @param type the class; instances of its subclasses are encoded the same way
 * @param encode plain data that is equal exactly where two instances mean the same
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad name
 * @example
 * ```ts
 * const money = keyEncoder('Money', Money, (m) => [m.cents, m.currency])
 * ```
 */
export function keyEncoder<T extends object>(
  name: string,
  type: abstract new (...args: never[]) => T,
  encode: (instance: T) => unknown,
): KeyEncoder<T> {
  if (!/^[A-Za-z][A-Za-z0-9_.-]*$/.test(name))
    throw configError('keyEncoders.name', 'letters, digits, "_", "." and "-"')
  return { name, type, encode }
}

/** The encoders of one cache. */
export class KeyEncoders {
  readonly #encoders: readonly KeyEncoder[]

  constructor(encoders: readonly KeyEncoder[] = []) {
    const known = Array.isArray(encoders) && encoders.every((encoder) => typeof encoder?.encode === 'function')
    if (!known || new Set(encoders.map(({ name }) => name)).size !== encoders.length) {
      throw configError('keyEncoders', 'what keyEncoder() gives, each with a name of its own')
    }
    this.#encoders = encoders
  }

  /** The encoder for this object, if its class has one. */
  find(part: object): KeyEncoder | undefined {
    return this.#encoders.find((encoder) => part instanceof encoder.type)
  }
}
