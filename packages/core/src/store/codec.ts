/**
 * Turns values into bytes and back. The default keeps what JSON keeps, and dates, maps, sets, bigints, binary data, `undefined`
 * and special numbers besides; bytes stay bytes.
 */
export interface Codec {
  /** Part of each value's envelope: what another codec wrote is a miss. 1 to 32 letters, digits and "-". */
  readonly name: string
  /** The value as bytes, or `undefined` where the codec does not take it: it then stays in this process's memory. */
  encode(value: unknown): Uint8Array | undefined
  /** The value again. Throws where the bytes are not what {@link encode} makes: that is a miss. */
  decode(bytes: Uint8Array): unknown
}

/** How instances of one class travel; see `structuredCodec`. */
export interface TypeCodec {
  /** Names the type in stored bytes; unique, and the same in every process. */
  readonly name: string
  /** Whether a value is of this type. */
  is(value: object): boolean
  /** Plain data, binary parts included, from which {@link decode} makes the value again. */
  encode(value: never): unknown
  decode(data: unknown): unknown
}
