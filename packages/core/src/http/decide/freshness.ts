import type { CacheControl } from '../syntax/cache-control.js'
import { combined, type FieldLines } from '../syntax/header-fields.js'
import { parseHttpDate } from '../syntax/http-date.js'

/** What gave a response its lifetime. */
export type LifetimeSource = 's-maxage' | 'max-age' | 'expires' | 'ttl' | 'heuristic'

/** How long a response is fresh, counted from its generation. */
export interface Lifetime {
  /** Milliseconds; zero where its directives make it stale or cannot be read. */
  readonly ms: number
  readonly source: LifetimeSource
}

/** What the lifetime of a response is computed from. */
export interface FreshnessInput {
  readonly status: number
  readonly lines: FieldLines
  readonly cacheControl: CacheControl
  /** Whether `s-maxage` concerns this cache: it speaks to shared ones only. */
  readonly shared: boolean
  /** The lifetime, in milliseconds, of a response that says nothing itself; 0: there is none. */
  readonly ttl: number
  /** The statuses that may live by `ttl`. */
  readonly statuses: ReadonlySet<number>
  /** A lifetime that the handler meant for this cache alone, in milliseconds. */
  readonly decided?: number | undefined
  /** Wall clock when the response was received from the handler. */
  readonly now: number
}

/** What RFC 9110 §15.1 lets a cache keep without being told for how long, partial content apart. */
const HEURISTICALLY_CACHEABLE = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
const HEURISTIC_SHARE = 0.1
const DIGITS = /^[0-9]+$/

/**
 * How long a response is fresh (RFC 9111 §4.2.1): what the handler decided for this cache, else what its headers say, else the `ttl` of the route, else, where there
 * is no `ttl` either, a tenth of the time since its last modification (§4.2.2). `undefined`: nothing gives it a lifetime.
 */
export function lifetimeOf(input: FreshnessInput): Lifetime | undefined {
  if (input.decided !== undefined && input.statuses.has(input.status)) return { ms: input.decided, source: 'ttl' }
  const explicit = explicitLifetime(input)
  if (explicit) return explicit
  if (input.ttl > 0) return input.statuses.has(input.status) ? { ms: input.ttl, source: 'ttl' } : undefined
  return heuristicLifetime(input)
}

/**
 * The age a response has when the handler hands it over, in milliseconds (RFC 9111 §4.2.3). An `Age` says that it was
 * made elsewhere; then the time spent on getting it counts too. An invalid one is ignored, of several the first counts.
 *
 * @param delay milliseconds between asking the handler and its answer
 */
export function ageOnArrival(lines: FieldLines, now: number, delay: number): number {
  // Date tells whole seconds: what is less than one of them is no age.
  const apparent = Math.max(0, Math.floor((now - dateOf(lines, now)) / 1000) * 1000)
  const age = lines.get('age')?.[0]?.split(',', 1)[0]?.trim() ?? ''
  return DIGITS.test(age) ? Math.max(apparent, Number(age) * 1000 + delay) : apparent
}

/** When a response was made by its own Date; `now` where it has none that can be read. */
export function dateOf(lines: FieldLines, now: number): number {
  return instantOf(lines, 'date', now) ?? now
}

function explicitLifetime({ cacheControl, shared, lines, now }: FreshnessInput): Lifetime | undefined {
  const sharedSeconds = shared ? cacheControl.seconds('s-maxage') : undefined
  if (sharedSeconds !== undefined) return { ms: milliseconds(sharedSeconds), source: 's-maxage' }
  const seconds = cacheControl.seconds('max-age')
  if (seconds !== undefined) return { ms: milliseconds(seconds), source: 'max-age' }
  if (!lines.has('expires')) return undefined
  // An invalid Expires, `0` above all, means "expired" (RFC 9111 §5.3).
  const expires = instantOf(lines, 'expires', now) ?? 0
  return { ms: Math.max(0, expires - dateOf(lines, now)), source: 'expires' }
}

function heuristicLifetime({ status, cacheControl, lines, now }: FreshnessInput): Lifetime | undefined {
  if (!HEURISTICALLY_CACHEABLE.has(status) && !cacheControl.has('public')) return undefined
  const modified = instantOf(lines, 'last-modified', now)
  if (modified === undefined) return undefined
  return { ms: Math.max(0, dateOf(lines, now) - modified) * HEURISTIC_SHARE, source: 'heuristic' }
}

/** The instant a field gives; several lines of it give none. */
export function instantOf(lines: FieldLines, name: string, now: number): number | undefined {
  const value = combined(lines, name)
  return value === undefined ? undefined : parseHttpDate(value, now)
}

/** What cannot be read as seconds is stale. */
function milliseconds(seconds: number): number {
  return Number.isNaN(seconds) ? 0 : seconds * 1000
}
