import type { MapKey } from '../key-text.js'
import type { Entry } from '../memory/entry.js'
import type { Place } from '../memory/place.js'
import type { Remote, Sight } from '../remote.js'
import type { BoundRoute } from './bound-route.js'
import type { Placed } from './placement.js'
import { variantKey } from './response-keys.js'
import type { StoredResponse } from './stored-response.js'
import type { ForwardReason } from './syntax/cache-status.js'
import { VariantIndex } from './variant-index.js'

/** What was found for a request. */
export interface Selection {
  /** The key of the request's variant, or of its URL where nothing is known to vary. */
  readonly key: MapKey
  readonly index: VariantIndex | undefined
  /** Whatever its age. */
  readonly entry: Entry | undefined
  /** What the store has under the key, where it was asked. */
  readonly sight?: Sight | undefined
}

/**
 * Finds the entry of a request's own variant. `undefined`: its key is too long.
 *
 * @param keyed whether the route itself names headers or claims by which its URLs vary: then only an index is of use
 */
export function select(route: BoundRoute, placed: Placed, keyed: boolean): Selection | undefined {
  const { place, base, claims, context } = placed
  const entry = place.find(base)
  if (!(entry?.value instanceof VariantIndex)) return { key: base, index: undefined, entry: keyed ? undefined : entry }
  const key = variantKey(route, context.request, base, claims, entry.value)
  return key === undefined ? undefined : { key, index: entry.value, entry: place.find(key) }
}

/** The same from memory and from the store: one round trip, and a second one where the URL turns out to vary. */
export async function selectAcross(
  remote: Remote,
  route: BoundRoute,
  placed: Placed,
  keyed: boolean,
): Promise<Selection | undefined> {
  const { place, base, claims, context } = placed
  const { entry, sight } = await bring(remote, place, base)
  if (!(entry?.value instanceof VariantIndex)) {
    return { key: base, index: undefined, entry: keyed ? undefined : entry, sight }
  }
  const key = variantKey(route, context.request, base, claims, entry.value)
  return key === undefined ? undefined : { key, index: entry.value, ...(await bring(remote, place, key)) }
}

/** What memory has, where that may be served at once; else what the store has. */
async function bring(remote: Remote, place: Place, key: MapKey): Promise<Pick<Selection, 'entry' | 'sight'>> {
  const entry = place.find(key)
  if (entry !== undefined && place.trusts(entry) && place.tier.time.now() < entry.freshUntil) return { entry }
  const sight = await remote.look(place, key)
  return { entry: sight.entry, sight }
}

/** Whether a stored response may answer a request: where both could be anybody's, the handler must have allowed it (rule R-04). */
export function mayUse(placed: Placed, stored: StoredResponse): boolean {
  return !placed.needsPermission || stored.permitted
}

/** Why the request goes to the handler, as RFC 9211 tells it. */
export function forwardReason(placed: Placed, { entry, index }: Selection): ForwardReason {
  if (placed.needsPermission) return 'bypass'
  if (entry !== undefined) return 'stale'
  return index === undefined ? 'uri-miss' : 'vary-miss'
}
