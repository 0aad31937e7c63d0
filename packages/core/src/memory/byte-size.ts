import { configError } from '../cache-error.js'

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** A number of bytes, or a text with its unit: `'512kb' | '64mb' | '1gb'` (powers of 1024). */
export type ByteSize = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`

/**
 * A {@link ByteSize} in bytes; `Infinity` means no bound.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for anything that is not zero or more
 */
export function byteSize(value: ByteSize, option: string): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(value) : undefined
  const bytes = match ? Number(match[1]) * (UNITS[match[2] as string] as number) : value
  if (typeof bytes !== 'number' || !(bytes >= 0)) throw configError(option, "bytes, or a text such as '64mb'")
  return Math.floor(bytes)
}
