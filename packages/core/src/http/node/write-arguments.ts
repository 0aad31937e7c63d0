/** A piece of a body as `write` and `end` take it. */
export type Chunk = string | Uint8Array | null | undefined
export type Callback = (error?: Error | null) => void

/** What `write` and `end` were called with, in whatever order Node allows. */
export interface Written {
  readonly chunk: Chunk
  readonly encoding: BufferEncoding | undefined
  readonly callback: Callback | undefined
}

/** Reads the arguments of `write(chunk, encoding?, callback?)` and `end(chunk?, encoding?, callback?)`. */
export function readArguments(given: readonly unknown[]): Written {
  const callback = given.find((argument) => typeof argument === 'function') as Callback | undefined
  const [chunk, encoding] = given.filter((argument) => typeof argument !== 'function')
  return { chunk: chunk as Chunk, encoding: encoding as BufferEncoding | undefined, callback }
}

/** The bytes of a piece. */
export function bytesOf({ chunk, encoding }: Written): Uint8Array | undefined {
  if (chunk === null || chunk === undefined) return undefined
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
}
