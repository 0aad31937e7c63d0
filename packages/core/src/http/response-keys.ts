import { digest } from '../digest.js'
import type { Key, MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { BoundRoute } from './bound-route.js'
import { variantText } from './decide/variant.js'
import type { HttpRequest } from './http-request.js'
import type { Known } from './request-identity.js'
import type { VariantIndex } from './variant-index.js'

/**
 * The key of a URL in a scope: method, authority, and the request target as received, byte for byte (rule R-06). White
 * space is in none of them, the request gate saw to it. `undefined`: too long to be cached.
 */
export function baseKey({ engine, plan }: BoundRoute, host: string, target: string): MapKey | undefined {
  return engine.key(`GET ${host} ${targetOf(plan.ignoredQuery, target)}`)
}

/**
 * The key of what the application lets stand for a URL; a tuple, so that it cannot be taken for anything else.
 *
 * @throws whatever the application's function throws; CacheError `ERR_CACHE_KEY` for a key that is not plain data
 */
export function customKey({ engine }: BoundRoute, host: string, key: Key): MapKey | undefined {
  return engine.key(['GET', host, key])
}

/** The target without the parameters that the handler ignores; a pair that may hide another one stays. */
export function targetOf(ignored: ReadonlySet<string>, target: string): string {
  const start = target.indexOf('?')
  if (ignored.size === 0 || start < 0) return target
  const pairs = target.slice(start + 1).split('&')
  const kept = pairs.filter((pair) => pair.includes(';') || !ignored.has(pair.split('=', 1)[0] as string))
  if (kept.length === pairs.length) return target
  const path = target.slice(0, start)
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

/**
 * Above this many characters a variant's key gives way to its digest: an index remembers the keys of its variants when their
 * entries are long evicted, and what they are made of any client may choose.
 */
const LONGEST_VARIANT = 256

/** The key of the variant that a request selects. `undefined`: too long to be cached. */
export function variantKey(
  route: BoundRoute,
  request: HttpRequest,
  base: MapKey,
  claims: string,
  index: VariantIndex,
): MapKey | undefined {
  const names = [...route.plan.varyHeaders, ...index.names]
  const variant = variantText(request, names, route.settings.credentials.headers)
  const key = route.engine.key([base, index.id, claims, variant])
  const isLong = typeof key === 'string' && key.length > LONGEST_VARIANT
  return isLong ? route.engine.key([index.id, digest(key)]) : key
}

/**
 * The claims by which the route varies, as text. `undefined` where none are known, or one is no plain data: a role that
 * nobody can tell must not share with another.
 */
export function claimsText(route: BoundRoute, place: Place, known: Known, request: HttpRequest): string | undefined {
  const { varyClaims } = route.plan
  if (varyClaims.length === 0) return ''
  // Among those who carry no credential at all nobody has claims.
  if (place.level !== route.level) return ''
  const claims = (known.status === 'known' ? known.claims : undefined) ?? request.claims()
  if (claims === undefined) return undefined
  try {
    const values = varyClaims.map((name) => (Object.hasOwn(claims, name) ? [claims[name]] : []))
    return route.engine.key(['claims', ...values]) as string | undefined
  } catch {
    return undefined
  }
}
