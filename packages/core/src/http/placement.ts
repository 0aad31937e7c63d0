import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { BoundRoute } from './bound-route.js'
import { carriesCredential, isAnonymous } from './decide/credentials.js'
import type { HttpRequest } from './http-request.js'
import type { RequestBypass } from './reasons.js'
import type { RequestContext } from './request-context.js'
import type { Known } from './request-identity.js'
import { baseKey, claimsText, customKey } from './response-keys.js'

/** A request that may be answered from the cache: where, under which key, on which terms. */
export interface Placed {
  readonly context: RequestContext
  readonly place: Place
  /** The key of its URL. */
  readonly base: MapKey
  /** The claims by which the route varies, as a part of the variant's key. */
  readonly claims: string
  /** Whether it carries a credential at a scope that everybody shares: then the handler must have allowed sharing. */
  readonly needsPermission: boolean
}

/** Whether it is of no matter to a route who asks. */
export function isForAnybody({ level, plan }: BoundRoute): boolean {
  return level.path.length === 0 && plan.varyClaims.length === 0
}

/** The place and key of a request, or why it has none. */
export function placeRequest(route: BoundRoute, context: RequestContext, known: Known): Placed | RequestBypass {
  const place = placeOf(route, context, known)
  if (typeof place === 'string') return place
  const claims = claimsText(route, place, known, context.request)
  if (claims === undefined) return 'claims-unknown'
  const base = keyOf(route, context.request)
  if (base === undefined) return 'key-too-long'
  if (base === FAILED) return 'option-threw'
  return { context, place, base, claims, needsPermission: needsPermission(route, place, context) }
}

/** Whether a request would be placed the same now, after its handler: same scope, same claims; else its response is nobody's. */
export function staysPlaced(route: BoundRoute, { context, place, claims }: Placed, known: Known): boolean {
  const now = placeOf(route, context, known)
  if (typeof now === 'string' || now.level !== place.level) return false
  return place.ids.every((id, at) => id === now.ids[at]) && claimsText(route, now, known, context.request) === claims
}

const FAILED = Symbol('failed')

function keyOf(route: BoundRoute, request: HttpRequest): MapKey | undefined | typeof FAILED {
  const { key } = route.plan
  if (key === undefined) return baseKey(route, request.host, request.target)
  try {
    return customKey(route, request.host, key(request.native as never))
  } catch {
    return FAILED
  }
}

function placeOf(route: BoundRoute, context: RequestContext, known: Known): Place | RequestBypass {
  const { engine, space, level, plan } = route
  if (level.path.length === 0) return engine.place(space, level.name, {})
  if (known.status === 'known' && level.path.every((step) => known.ids[step.name] !== undefined)) {
    return validPlace(route, known.ids)
  }
  // Who is known at another level is somebody, and no part of those of whom nothing is known.
  if (known.status === 'known') return 'no-scope'
  const { reason } = known
  const shares =
    plan.sharesAnonymous && reason === 'no-scope' && isAnonymous(context.request, context.settings.credentials)
  return shares ? engine.place(space, engine.forest.root.name, {}) : reason
}

/** Ids of a resolver that checks nothing are checked here: an invalid one places nobody (rule R-12). */
function validPlace(
  { engine, space, level }: BoundRoute,
  ids: Readonly<Record<string, string>>,
): Place | RequestBypass {
  try {
    return engine.place(space, level.name, ids)
  } catch {
    return 'identity-refused'
  }
}

/** Rule R-04: below `global` the place itself comes from the credential. */
function needsPermission(route: BoundRoute, place: Place, { request, settings }: RequestContext): boolean {
  return (
    place.level.path.length === 0 && !route.plan.ignoresCredentials && carriesCredential(request, settings.credentials)
  )
}
