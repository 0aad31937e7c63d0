import { configError } from '../cache-error.js'
import { byteSize, type ByteSize } from '../memory/byte-size.js'
import { builtin } from '../platform.js'
import { LARGEST_PAYLOAD, LARGEST_RATIO } from './payload-limit.js'

type Zlib = typeof import('node:zlib')

/** A payload as it goes into an envelope. */
export interface PackedPayload {
  readonly payload: Uint8Array
  /** Bytes it had before it was compressed; missing where it is not. */
  readonly rawLength?: number | undefined
}

const OPTION = 'remote.compressAbove'

/** Compresses (raw deflate, off the event loop) what is worth it. */
export class Compression {
  readonly #above: number
  readonly #zlib: Zlib | undefined

  /**
   * @param above payloads of more bytes are compressed; none is where it is missing
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad size, or where the platform cannot compress
   */
  constructor(above?: ByteSize) {
    this.#above = above === undefined ? Infinity : byteSize(above, OPTION)
    if (this.#above === Infinity) return
    this.#zlib = builtin<Zlib>('node:zlib')
    if (!this.#zlib) throw configError(OPTION, 'nothing on a platform without node:zlib')
  }

  /**
   * The payload at once where it stays as it is, else a promise of it; never rejects. It stays as it is where compressing saves
   * less than a tenth, or so much that a reader would take it for a bomb.
   */
  pack(payload: Uint8Array): PackedPayload | Promise<PackedPayload> {
    const zlib = this.#zlib
    if (!zlib || payload.length <= this.#above || payload.length > LARGEST_PAYLOAD) return { payload }
    return new Promise((resolve) => {
      zlib.deflateRaw(payload, (error, compressed) => {
        if (error || !isWorthIt(payload.length, compressed.length)) resolve({ payload })
        else resolve({ payload: compressed, rawLength: payload.length })
      })
    })
  }
}

/**
 * The payload as it was before {@link Compression.pack}, whatever this process compresses itself: at once where it was not
 * compressed, else a promise that rejects where the bytes are no such thing, or more than was said.
 *
 * @throws Error where it is compressed and the platform cannot read it, or says that it is larger than what is read
 */
export function unpack({ payload, rawLength }: PackedPayload): Uint8Array | Promise<Uint8Array> {
  if (rawLength === undefined) return payload
  const zlib = builtin<Zlib>('node:zlib')
  if (!zlib || !isRawLength(rawLength, payload.length)) throw new Error('a compressed payload that cannot be read')
  return new Promise((resolve, reject) => {
    zlib.inflateRaw(payload, { maxOutputLength: rawLength }, (error, raw) => {
      if (error || raw.length !== rawLength) reject(new Error('a payload that is not what was compressed'))
      else resolve(raw)
    })
  })
}

/** Whether a compressed payload may claim to be that long (rule R-28). */
export function isRawLength(rawLength: number, compressed: number): boolean {
  return rawLength > 0 && rawLength <= LARGEST_PAYLOAD && rawLength <= compressed * LARGEST_RATIO
}

function isWorthIt(rawLength: number, compressed: number): boolean {
  return compressed <= rawLength * 0.9 && isRawLength(rawLength, compressed)
}
