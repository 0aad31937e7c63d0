import { storeError } from './errors.js'

/** Longer than any line of a reply: key, flags, length, unique. */
const LONGEST_LINE = 2048

/** Cuts what a connection delivers into lines and blocks of bytes. What it gives is copied: it holds on to no buffer of the socket. */
export class ReplyReader {
  #chunks: Buffer[] = []
  #received = 0
  /** Bytes without which there is nothing to look at again: a large value is put together once, not with each chunk. */
  #needed = 1
  #buffer: Buffer = Buffer.alloc(0)
  #offset = 0

  /** Takes what came. Whether there may be something new to read. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    if (this.#received < this.#needed) return false
    this.#buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#offset = 0
    this.#chunks = []
    return true
  }

  /** The next line without its end; `undefined` until all of it came. @throws CacheError where it is none that Memcached sends */
  line(): string | undefined {
    const end = this.#buffer.indexOf('\r\n', this.#offset, 'latin1')
    if (end - this.#offset > LONGEST_LINE || (end < 0 && this.#left > LONGEST_LINE))
      throw storeError('an endless reply')
    if (end < 0) return this.#wait(this.#left + 1)
    const line = this.#buffer.toString('latin1', this.#offset, end)
    this.#offset = end + 2
    return line
  }

  /** The next `length` bytes, which a line end follows; `undefined` until all came. @throws CacheError where none follows */
  block(length: number): Uint8Array | undefined {
    if (this.#left < length + 2) return this.#wait(length + 2)
    const end = this.#offset + length
    if (this.#buffer[end] !== 13 || this.#buffer[end + 1] !== 10) throw storeError('a value of another length')
    const bytes = new Uint8Array(this.#buffer.subarray(this.#offset, end))
    this.#offset = end + 2
    return bytes
  }

  get #left(): number {
    return this.#buffer.length - this.#offset
  }

  /** Keeps what is left for the next chunk. */
  #wait(needed: number): undefined {
    if (this.#left > 0) this.#chunks.unshift(this.#buffer.subarray(this.#offset))
    this.#received = this.#left
    this.#buffer = this.#buffer.subarray(0, 0)
    this.#offset = 0
    this.#needed = needed
  }
}
