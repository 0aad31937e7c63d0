import type { Entry } from '../memory/entry.js'
import type { Place } from '../memory/place.js'
import type { BoundRoute } from './bound-route.js'
import { replayStored, type Replay } from './replay.js'
import type { RequestContext } from './request-context.js'
import { StoredResponse } from './stored-response.js'
import { formatCacheStatus, type CacheStatus } from './syntax/cache-status.js'

/** A stale response, and where it was found. */
export interface Fallback {
  readonly place: Place
  readonly entry: Entry
}

/**
 * A stale response as the answer where the handler failed; `undefined` where its window has closed, or where it was
 * invalidated, deleted or replaced meanwhile (rule R-26).
 */
export function staleCopy(
  route: BoundRoute,
  context: RequestContext,
  { place, entry }: Fallback,
  status: CacheStatus,
): Replay | undefined {
  const now = route.engine.tier.time.exact()
  if (!(entry.value instanceof StoredResponse) || now >= entry.errorUntil || !place.serves(entry)) return undefined
  return staleReplay(route, context, { place, entry }, status)
}

/** A stale response as an answer, counted. */
export function staleReplay(
  route: BoundRoute,
  context: RequestContext,
  { place, entry }: Fallback,
  status: CacheStatus,
): Replay {
  const { signals, tier, clock } = route.engine
  const now = tier.time.now()
  const stored = entry.value as StoredResponse
  place.count('stale')
  signals.emit('stale', place.labels)
  const ttl = Math.floor((entry.freshUntil - now) / 1000)
  const cacheStatus = formatCacheStatus(route.settings.name, { ...status, ttl })
  return replayStored(stored, context.request, stored.age + now - entry.storedAt, cacheStatus, clock.wall())
}
