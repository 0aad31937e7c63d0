import { configError } from './cache-error.js'
import { lifetime, MAX_DURATION, milliseconds, type Duration } from './duration.js'
import { utf8Length } from './id.js'

/**
 * How values live: for a whole cache, a namespace, a wrapped function, a route or one call. What a narrower one leaves out
 * it takes from the wider one.
 */
export interface Policy<T = unknown> {
  /** How long a value is fresh. `'max'` is 30 days. Zero throws. Default of a cache: `'5m'`. */
  readonly ttl?: Duration | 'max' | undefined
  /** How long it may be served past its `ttl` while one caller reloads it. Default: 0, never. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** How long past its `ttl` it is served where reloading it failed. Default: 0, never. */
  readonly staleIfError?: Duration | undefined
  /** Shortens each lifetime by a random share up to this one, so that what was loaded together does not expire together. 0 to 1. Default: 0. */
  readonly jitter?: number | undefined
  /** A hit this long before the end of `ttl` reloads the value in the background. Default: 0, never. */
  readonly refreshAhead?: Duration | undefined
  /** How long a load may take before its callers get `ERR_CACHE_TIMEOUT` and its `signal` aborts. Default: no limit. */
  readonly loadTimeout?: Duration | undefined
  /** How long a caller waits for a reload before it gets the stale value; loading goes on. Default: at once within `staleWhileRevalidate`, else no limit. */
  readonly softTimeout?: Duration | undefined
  /**
   * With a second tier: one load among all processes. A process that finds a load under way elsewhere waits for what it brings,
   * this long at the most; then it loads itself, so a process that dies while it loads costs no more than that. Default: 0, off.
   */
  readonly lease?: Duration | undefined
  /** Names by which entries can be invalidated together, within a scope and below it. At most 16 of at most 256 bytes. */
  readonly tags?: readonly string[] | undefined
  /** Whether a loaded value is kept. Default: every value is, `null` and `undefined` too. */
  readonly cacheIf?: ((value: T) => boolean) | undefined
}

/** A {@link Policy} with every default filled in, in milliseconds: what the code reads. */
export interface ResolvedPolicy {
  readonly ttl: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly jitter: number
  readonly refreshAhead: number
  readonly loadTimeout: number
  readonly softTimeout: number | undefined
  readonly lease: number
  readonly tags: readonly string[]
  readonly cacheIf: ((value: never) => boolean) | undefined
}

export const DEFAULT_POLICY: ResolvedPolicy = {
  ttl: 5 * 60_000,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  jitter: 0,
  refreshAhead: 0,
  loadTimeout: Infinity,
  softTimeout: undefined,
  lease: 0,
  tags: [],
  cacheIf: undefined,
}

/** The names of a policy's options. */
export const POLICY_OPTIONS: readonly string[] = Object.keys(DEFAULT_POLICY)

/**
 * Refuses options that do not exist: a misspelt bound bounds nothing.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` with the option's path
 */
export function refuseUnknown(options: object, known: readonly string[], path = ''): void {
  if (typeof options !== 'object' || options === null) throw configError(path === '' ? 'options' : path, 'an object')
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw configError(path === '' ? unknown : `${path}.${unknown}`, `no option but ${known.join(', ')}`)
}

const MAX_TAGS = 16
const MAX_TAG_BYTES = 256

/**
 * The only road from what users write to what code reads.
 *
 * @param path where the policy stands, for the error (`'namespace(invoices)'`); empty for the cache's own options
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 */
export function resolvePolicy<T>(policy: Policy<T> | undefined, base: ResolvedPolicy, path = ''): ResolvedPolicy {
  if (policy === undefined) return base
  const at = (option: string) => (path === '' ? option : `${path}.${option}`)
  const window = (value: Duration | undefined, option: string, otherwise: number) =>
    value === undefined ? otherwise : Math.min(milliseconds(value, at(option)), MAX_DURATION)
  if (policy.cacheIf !== undefined && typeof policy.cacheIf !== 'function')
    throw configError(at('cacheIf'), 'a function')
  return {
    ttl: policy.ttl === undefined ? base.ttl : lifetime(policy.ttl, at('ttl')),
    staleWhileRevalidate: window(policy.staleWhileRevalidate, 'staleWhileRevalidate', base.staleWhileRevalidate),
    staleIfError: window(policy.staleIfError, 'staleIfError', base.staleIfError),
    jitter: policy.jitter === undefined ? base.jitter : share(policy.jitter, at('jitter')),
    refreshAhead: window(policy.refreshAhead, 'refreshAhead', base.refreshAhead),
    loadTimeout: policy.loadTimeout === undefined ? base.loadTimeout : lifetime(policy.loadTimeout, at('loadTimeout')),
    softTimeout:
      policy.softTimeout === undefined ? base.softTimeout : milliseconds(policy.softTimeout, at('softTimeout')),
    lease: window(policy.lease, 'lease', base.lease),
    tags: policy.tags === undefined ? base.tags : tagList(policy.tags, at('tags')),
    cacheIf: policy.cacheIf ?? base.cacheIf,
  }
}

/**
 * Tags, checked and without repetition.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for more than 16, an empty, an ill-formed or an overlong one
 */
export function tagList(tags: readonly string[], option = 'tags'): readonly string[] {
  const valid = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && isTag(tag))
  if (!valid) throw configError(option, `strings of 1 to ${MAX_TAG_BYTES} bytes`)
  const distinct = [...new Set(tags)]
  if (distinct.length > MAX_TAGS) throw configError(option, `at most ${MAX_TAGS} tags`)
  return distinct
}

function isTag(tag: string): boolean {
  return tag.length > 0 && tag.length <= MAX_TAG_BYTES && tag.isWellFormed() && utf8Length(tag) <= MAX_TAG_BYTES
}

function share(value: number, option: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw configError(option, 'a number from 0 to 1')
  return value
}
