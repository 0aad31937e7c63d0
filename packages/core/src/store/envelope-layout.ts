import { ID_BYTES } from './envelope.js'
import { LARGEST_PAYLOAD } from './payload-limit.js'

/*
 * An envelope's bytes, numbers little endian:
 *   16  write id
 *    3  magic, which tells our values from others'
 *    1  version of this format
 *    1  flags
 *       identity (text)
 *   and, where it holds a value:
 *   40  createdAt, aheadFor, freshFor, staleFor, errorFor (64-bit floats)
 *       stamps (list)
 *    2  number of tags, and for each: name (text), stamps (list)
 *       codec (text)
 *    4  length before compression, where it is compressed
 *       payload
 *   and at the end the seal: CRC-32, or HMAC-SHA256, of all before it
 *
 * A text is its length in characters (4 bytes, doubled, plus one where a character takes two bytes) and its characters as
 * UTF-16 code units: so different texts are different bytes, lone surrogates or not, and one is compared without encoding it.
 * A list of stamps is their number (2 bytes) and 16 bytes for each.
 */
export const MAGIC = [0xca, 0xc4, 0xed] as const
export const FORMAT = 1
export const FLAG = { tombstone: 1, signed: 2, compressed: 4 } as const

/** Where the magic stands, and where the identity begins. */
export const MAGIC_AT = ID_BYTES
export const FLAGS_AT = MAGIC_AT + MAGIC.length + 1
export const HEAD_BYTES = FLAGS_AT + 1

/** Payload and what stands around it: an identity, and sixteen tags with their stamps, are far below a megabyte. */
export const LARGEST_ENVELOPE = LARGEST_PAYLOAD + 1024 * 1024
