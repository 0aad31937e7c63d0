/**
 * A value as an adapter gets it: text, which all of them keep, where many lose bytes. The moment it expires stands before it,
 * since some adapters do not know of a ttl, and Keyv itself is not asked.
 */
export function rowText(value: Uint8Array, expires: number): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return `${expires.toString(36)}.${bytes.toString('base64')}`
}

/**
 * The value of a row; `undefined` where there is none, or its time is over. What somebody else left there comes as no bytes at
 * all: something is there, and core finds out that it is none of ours.
 */
export function valueOf(row: unknown, now = Date.now()): Uint8Array | undefined {
  if (row === undefined || row === null) return undefined
  const parts = typeof row === 'string' ? /^([0-9a-z]{1,11})\.([\w+/]*={0,2})$/.exec(row) : null
  if (!parts) return new Uint8Array()
  if (Number.parseInt(parts[1] as string, 36) <= now) return undefined
  return new Uint8Array(Buffer.from(parts[2] as string, 'base64'))
}
