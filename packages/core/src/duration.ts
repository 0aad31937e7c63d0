import { configError } from './cache-error.js'

/** A span of time: milliseconds, or a number with its unit (`'250ms' | '90s' | '5m' | '2h' | '1d'`). */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** The longest life an entry can have: 30 days, what `ttl: 'max'` means. */
export const MAX_DURATION = 30 * 24 * 60 * 60 * 1000

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/**
 * Reads a duration from a configuration value: text with a unit, as typed code writes it.
 *
 * @param text `'250ms' | '90s' | '5m' | '2h' | '1d'`
 * @param option the option's path, named by the error
 * @returns milliseconds, a valid {@link Duration}
 * @throws CacheError `ERR_CACHE_CONFIG` where the text is none of these
 * @example
 * ```ts
 * createCache({ ttl: duration(process.env.CACHE_TTL ?? '5m') })
 * ```
 */
export function duration(text: string, option = 'duration'): number {
  const match = TEXT.exec(text)
  if (!match) throw configError(option, "a duration such as '250ms', '90s', '5m', '2h' or '1d'")
  return Number(match[1]) * (UNITS[match[2] as string] as number)
}

/**
 * A {@link Duration} in milliseconds. Zero is allowed here; who forbids it says so.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for NaN, negative, infinite or unreadable durations (rule R-34)
 */
export function milliseconds(value: Duration, option: string): number {
  const ms = typeof value === 'string' ? duration(value, option) : value
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) {
    throw configError(option, 'milliseconds of zero or more, or a text with a unit')
  }
  return ms
}

/**
 * A lifetime in milliseconds, at least 1 ms and at most {@link MAX_DURATION}; `'max'` is the latter.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for zero and whatever {@link milliseconds} refuses
 */
export function lifetime(value: Duration | 'max', option: string): number {
  if (value === 'max') return MAX_DURATION
  const ms = milliseconds(value, option)
  if (ms === 0) throw configError(option, "more than zero: leave the call uncached instead of a 'ttl' of 0")
  return Math.min(Math.max(ms, 1), MAX_DURATION)
}
