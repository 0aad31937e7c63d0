import { crc32 } from './checksum.js'
import { Signing, type SigningKey } from './signing.js'

const CHECKSUM_BYTES = 4
const SIGNATURE_BYTES = 32

/**
 * What stands at the end of an envelope and tells whether all before it is as it was written: a checksum, which finds damage, or
 * with a key a signature, which finds intent as well.
 */
export class Sealing {
  /** Bytes of a seal. */
  readonly length: number
  readonly #signing: Signing | undefined

  /** @throws CacheError `ERR_CACHE_CONFIG` for a key that is too short, an empty list, or a platform that cannot sign */
  constructor(signingKey?: SigningKey) {
    this.#signing = signingKey === undefined ? undefined : new Signing(signingKey)
    this.length = this.#signing ? SIGNATURE_BYTES : CHECKSUM_BYTES
  }

  get signed(): boolean {
    return this.#signing !== undefined
  }

  /** Writes the seal of all that stands before it into the last bytes. */
  seal(bytes: Uint8Array): void {
    const end = bytes.length - this.length
    const sealed = bytes.subarray(0, end)
    if (this.#signing) bytes.set(this.#signing.sign(sealed), end)
    else new DataView(bytes.buffer, bytes.byteOffset + end).setUint32(0, crc32(sealed), true)
  }

  /** Whether the last bytes are the seal of all that stands before them. */
  holds(bytes: Uint8Array): boolean {
    const end = bytes.length - this.length
    const sealed = bytes.subarray(0, end)
    if (this.#signing) return this.#signing.verifies(sealed, bytes.subarray(end))
    return new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true) === crc32(sealed)
  }
}
