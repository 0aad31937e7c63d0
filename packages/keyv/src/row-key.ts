import { createHash } from 'node:crypto'

/** Adapters on SQL make columns of 255 characters; some cut longer keys off without a word. */
const LONGEST = 250
/** Characters of a SHA-256 in hexadecimal. */
const DIGEST = 64

/**
 * The key as an adapter gets it. Capital letters become `^` and the small one, since MySQL takes `Key` and `key` for the same; a key
 * that is too long then, or holds other than printable ASCII, becomes its readable beginning and a digest of all of it. A key of
 * exactly 250 characters is always such a digest and every other one never is, so that no two keys meet.
 */
export function rowKey(key: string): string {
  const folded = key.replaceAll(/[A-Z^]/g, (letter) => `^${letter.toLowerCase()}`)
  if (folded.length < LONGEST && /^[\x21-\x7e]*$/.test(folded)) return folded
  // Of the code units, since lone surrogates all have the same bytes in UTF-8.
  const digest = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')
  const beginning = folded.slice(0, LONGEST - DIGEST).replaceAll(/[^\x21-\x7e]/g, '_')
  return beginning.padEnd(LONGEST - DIGEST, '_') + digest
}
