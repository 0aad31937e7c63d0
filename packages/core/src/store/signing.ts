import type { KeyObject } from 'node:crypto'
import { configError } from '../cache-error.js'
import { builtin } from '../platform.js'

type Crypto = typeof import('node:crypto')

/**
 * A key, as text (its UTF-8 bytes count) or bytes, or the keys of a rotation: the first signs, any verifies. A new one is put
 * in front, and the old one is taken out when the longest `ttl` is over.
 */
export type SigningKey = string | Uint8Array | readonly (string | Uint8Array)[]

const OPTION = 'remote.signingKey'
const SHORTEST_KEY = 16

/** HMAC-SHA256 with one key, or several. They are copied. */
export class Signing {
  readonly #crypto: Crypto
  readonly #keys: readonly KeyObject[]

  /** @throws CacheError `ERR_CACHE_CONFIG` */
  constructor(signingKey: SigningKey) {
    const keys = keysOf(signingKey)
    const crypto = builtin<Crypto>('node:crypto')
    if (!crypto) throw configError(OPTION, 'no key on a platform without node:crypto')
    this.#crypto = crypto
    this.#keys = keys.map((key) => crypto.createSecretKey(key))
  }

  sign(bytes: Uint8Array): Uint8Array {
    return this.#signature(this.#keys[0] as KeyObject, bytes)
  }

  /** Takes as long for a signature that is almost right as for any other. */
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean {
    return this.#keys.some((key) => this.#crypto.timingSafeEqual(signature, this.#signature(key, bytes)))
  }

  #signature(key: KeyObject, bytes: Uint8Array): Uint8Array {
    return this.#crypto.createHmac('sha256', key).update(bytes).digest()
  }
}

function keysOf(signingKey: SigningKey): readonly Uint8Array[] {
  const keys: readonly unknown[] = Array.isArray(signingKey) ? signingKey : [signingKey]
  const bytes = keys.map((key) => (typeof key === 'string' ? new TextEncoder().encode(key) : key))
  if (bytes.length === 0 || !bytes.every(isLongEnough)) {
    throw configError(OPTION, `a key of at least ${SHORTEST_KEY} bytes, or a list of such keys`)
  }
  return bytes
}

function isLongEnough(key: unknown): key is Uint8Array {
  return ArrayBuffer.isView(key) && key.byteLength >= SHORTEST_KEY
}
