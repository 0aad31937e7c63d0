/** The bytes of a body as they pass, up to a limit; copies, so that nobody's buffer is kept alive or changes under it. */
export class BodyRecord {
  readonly #limit: number
  #chunks: Uint8Array[] = []
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds a piece; `false`, and everything dropped, where that is too much. */
  add(chunk: Uint8Array): boolean {
    this.#length += chunk.byteLength
    if (this.#length > this.#limit) {
      this.#chunks = []
      return false
    }
    this.#chunks.push(new Uint8Array(chunk))
    return true
  }

  /** All of it in one piece. */
  bytes(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0] as Uint8Array
    const bytes = new Uint8Array(this.#length)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    return bytes
  }
}
