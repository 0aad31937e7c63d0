/** How values of one kind of this package travel: bytes stay bytes, whatever codec the application chose. */
export interface ValueCodec {
  /** Part of each value's envelope. Begins with "@", which no other codec's name does. */
  readonly name: string
  /** The value as bytes, or `undefined` where it is not of this kind. */
  encode(value: unknown): Uint8Array | undefined
  /** The value again. Throws where the bytes are not what {@link encode} makes. */
  decode(bytes: Uint8Array): unknown
}
