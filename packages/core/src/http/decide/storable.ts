import type { RefusalToStore } from '../reasons.js'
import { CacheControl } from '../syntax/cache-control.js'
import { combined, type FieldLines } from '../syntax/header-fields.js'
import { parseVary } from '../syntax/vary.js'
import { ageOnArrival, lifetimeOf } from './freshness.js'
import { onlyDroppedCookies } from './set-cookie.js'

/** What the route and the scope allow. */
export interface StoringRules {
  /** Whether several people share what is stored: then this is a shared cache in the sense of RFC 9111. */
  readonly shared: boolean
  /** The lifetime, in milliseconds, of a response that says nothing itself; 0: there is none. */
  readonly ttl: number
  /** A lifetime that the handler meant for this cache alone, in milliseconds. */
  readonly decided?: number | undefined
  /** The statuses that may live by `ttl`, and those that are never stored unless listed. */
  readonly statuses: ReadonlySet<number>
  /** What becomes of responses that set cookies: refused, stored as they are, or stored without the named ones. */
  readonly setCookie: 'refuse' | 'store' | ReadonlySet<string>
  /** Header names, in lower case, that carry a credential. */
  readonly credentialHeaders: ReadonlySet<string>
  /** Request headers, in lower case, that are part of every key of this route. */
  readonly keyedHeaders: ReadonlySet<string>
  /** Whether only the handler's own word lets this response be shared: the request carried a credential (rule R-04). */
  readonly needsPermission: boolean
}

/** A response when its head is known. */
export interface ResponseHead {
  readonly status: number
  readonly lines: FieldLines
  /** Wall clock when the head was written. */
  readonly now: number
  /** Milliseconds between asking the handler and its head. */
  readonly delay: number
}

/** What a stored response is worth, or why it is not stored. */
export type StorableVerdict =
  | {
      readonly store: true
      /** Milliseconds it stays fresh from now on. */
      readonly ttl: number
      /** Whether `ttl` is its own choice rather than the route's. */
      readonly explicit: boolean
      /** Milliseconds it is old already. */
      readonly age: number
      /** The request headers, in lower case, that select it among the variants of its URL. */
      readonly vary: readonly string[]
      /** Whether the handler lets it be served to requests that carry credentials. */
      readonly permitted: boolean
      /** Whether it must not be served stale, whatever the route says. */
      readonly mustRevalidate: boolean
      /** Fields, in lower case, that qualified directives keep out of the store. */
      readonly withheld: readonly string[]
    }
  | { readonly store: false; readonly reason: RefusalToStore }

const MAX_VARY_NAMES = 20
/** Statuses whose caching requirements are implemented here, for `must-understand` (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])
/** Conditional and partial answers are about one request; so is a switch of protocols. */
const NEVER = new Set([206, 304, 412, 416])
const ONLY_IF_LISTED = new Set([401, 403, 407, 429])
const CREDENTIAL_HEADERS = [
  'set-cookie2',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
  'clear-site-data',
  'authorization',
  'csrf-token',
  'x-csrf-token',
  'x-xsrf-token',
  'x-auth-token',
  'x-access-token',
  'x-refresh-token',
  'x-session-token',
]
const NONCE = /'nonce-/i
const EVENT_STREAM = /^\s*text\/event-stream\b/i

/**
 * Whether a response may be kept for other requests: rules and RFC 9111 §3, read from what the application
 * sent, before anything of ours is added. Handing it to a coalesced follower is keeping it, too (rule R-15).
 */
export function storableFor(head: ResponseHead, rules: StoringRules): StorableVerdict {
  const cacheControl = new CacheControl(head.lines.get('cache-control'))
  const vary = varyNames(head.lines, rules)
  const reason =
    refusedStatus(head.status, rules) ??
    refusedHeader(head.lines, rules) ??
    refusedDirective(head, cacheControl, rules) ??
    (typeof vary === 'string' ? vary : undefined)
  if (reason !== undefined) return refuse(reason)
  const lifetime = lifetimeOf({ ...head, ...rules, cacheControl })
  if (lifetime === undefined) return refuse(isUnlisted(head.status, rules) ? 'status' : 'not-fresh')
  const age = ageOnArrival(head.lines, head.now, head.delay)
  if (lifetime.ms <= age) return refuse('not-fresh')
  return {
    store: true,
    ttl: lifetime.ms - age,
    explicit: lifetime.source !== 'ttl',
    age,
    vary: vary as readonly string[],
    permitted: permitsCredentials(cacheControl),
    mustRevalidate: forbidsStale(cacheControl, rules.shared),
    withheld: [...cacheControl.qualified('private'), ...cacheControl.qualified('no-cache')],
  }
}

/**
 * What forbids storing among the fields that others added while the head was being written: a session sets its cookie
 * inside `writeHead`, after {@link storableFor} has seen the head.
 */
export function refusedLate(late: FieldLines, rules: StoringRules): RefusalToStore | undefined {
  const cacheControl = new CacheControl(late.get('cache-control'))
  const header = refusedHeader(late, rules)
  if (header !== undefined) return header
  if (cacheControl.has('no-store')) return 'no-store'
  if (rules.shared && cacheControl.unqualified('private')) return 'private'
  const vary = varyNames(late, rules)
  return typeof vary === 'string' ? vary : undefined
}

function refuse(reason: RefusalToStore): StorableVerdict {
  return { store: false, reason }
}

function refusedStatus(status: number, rules: StoringRules): RefusalToStore | undefined {
  if (status < 200 || status > 599 || NEVER.has(status)) return 'status'
  return ONLY_IF_LISTED.has(status) && !rules.statuses.has(status) ? 'status' : undefined
}

/** Whether the response would have lived by `ttl`, had the route listed its status. */
function isUnlisted(status: number, rules: StoringRules): boolean {
  return rules.ttl > 0 && !rules.statuses.has(status)
}

function refusedHeader(lines: FieldLines, rules: StoringRules): RefusalToStore | undefined {
  const cookies = lines.get('set-cookie')
  if (cookies && rules.setCookie !== 'store') {
    if (rules.setCookie === 'refuse' || !onlyDroppedCookies(cookies, rules.setCookie)) return 'set-cookie'
  }
  if (CREDENTIAL_HEADERS.some((name) => lines.has(name))) return 'credential-header'
  for (const name of rules.credentialHeaders) if (lines.has(name)) return 'credential-header'
  if (hasNonce(lines, 'content-security-policy') || hasNonce(lines, 'content-security-policy-report-only')) {
    return 'csp-nonce'
  }
  return EVENT_STREAM.test(combined(lines, 'content-type') ?? '') ? 'event-stream' : undefined
}

function hasNonce(lines: FieldLines, name: string): boolean {
  return NONCE.test(combined(lines, name) ?? '')
}

function refusedDirective(
  head: ResponseHead,
  cacheControl: CacheControl,
  rules: StoringRules,
): RefusalToStore | undefined {
  if (cacheControl.malformed) return 'malformed'
  if (cacheControl.has('must-understand')) {
    if (!UNDERSTOOD.has(head.status)) return 'status'
  } else if (cacheControl.has('no-store')) return 'no-store'
  if (forbiddenElsewhere(head.lines)) return 'no-store'
  if (rules.shared && cacheControl.unqualified('private')) return 'private'
  if (cacheControl.unqualified('no-cache')) return 'no-cache'
  return rules.needsPermission && !permitsCredentials(cacheControl) ? 'credentials' : undefined
}

/** What the application tells other caches in fields of their own: what none of them may keep is not for us either. */
function forbiddenElsewhere(lines: FieldLines): boolean {
  return ['surrogate-control', 'cdn-cache-control'].some((name) => new CacheControl(lines.get(name)).has('no-store'))
}

/** RFC 9111 §3.5. */
function permitsCredentials(cacheControl: CacheControl): boolean {
  return cacheControl.has('public') || cacheControl.has('must-revalidate') || cacheControl.has('s-maxage')
}

/** RFC 9111 §4.2.4, and §5.2.2.10: in a shared cache `s-maxage` implies `proxy-revalidate`. */
function forbidsStale(cacheControl: CacheControl, shared: boolean): boolean {
  if (cacheControl.has('must-revalidate') || cacheControl.has('no-cache')) return true
  return shared && (cacheControl.has('proxy-revalidate') || cacheControl.has('s-maxage'))
}

function varyNames(lines: FieldLines, rules: StoringRules): readonly string[] | 'vary' | 'malformed' {
  const vary = parseVary(lines.get('vary'))
  if (vary.kind !== 'names') return vary.kind === 'any' ? 'vary' : 'malformed'
  const origin = combined(lines, 'access-control-allow-origin')
  const names = new Set(origin === undefined || origin === '*' ? vary.names : [...vary.names, 'origin'])
  for (const name of rules.keyedHeaders) names.delete(name)
  if (names.size > MAX_VARY_NAMES) return 'vary'
  if (rules.shared && (names.has('cookie') || names.has('authorization'))) return 'vary'
  return [...names]
}
