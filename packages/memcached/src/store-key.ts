import { createHash } from 'node:crypto'

/** What Memcached takes at the most. */
const LONGEST = 250
const READABLE = /^[\x21-\x7e]*$/
/** Bytes of a SHA-256 in base64url. */
const DIGEST = 43

/**
 * The key as Memcached takes it: as it is, or its readable beginning and a digest of all of it. A key of exactly 250 bytes is
 * always such a digest and every other one never is, so that no two keys meet.
 */
export function storeKey(key: string): string {
  if (key.length < LONGEST && READABLE.test(key)) return key
  // Of the code units, since lone surrogates all have the same bytes in UTF-8.
  const digest = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('base64url')
  const beginning = key.slice(0, LONGEST - DIGEST).replaceAll(/[^\x21-\x7e]/g, '_')
  return beginning.padEnd(LONGEST - DIGEST, '_') + digest
}

/** The part that keys which belong together have in common: what decides which server holds them. */
export function togetherPart(key: string): string {
  const from = key.indexOf('{')
  const to = key.indexOf('}', from + 1)
  return from >= 0 && to > from ? key.slice(from + 1, to) : key
}
