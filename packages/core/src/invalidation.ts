import { CacheError } from './cache-error.js'
import type { Engine } from './engine.js'
import type { Place } from './memory/place.js'
import type { Tag } from './memory/tag-marks.js'
import { tagList } from './policy.js'
import type { PurgeResult } from './remote.js'

/** What an invalidation reached. */
export interface InvalidationResult {
  /** Whether every tier has it. `false` also for one that waits for the end of `deferInvalidations`. */
  readonly applied: boolean
  /** How many entries left this process's memory, where that is known at once: for scopes; 0 for tags and namespaces. */
  readonly entries: number
}

const DEFERRED: InvalidationResult = { applied: false, entries: 0 }

/** Invalidates a scope and all below it; within a namespace only what that namespace keeps there. */
export function invalidateScope(engine: Engine, place: Place): Promise<InvalidationResult> {
  const act = async () => {
    if (place.space.tags.length > 0) return mark(engine, place, place.space.tags, 0)
    const { node } = place
    const entries = node === undefined ? 0 : engine.tier.invalidate(node)
    return done(engine, place, { entries, tags: 0 }, engine.remote?.invalidate(place))
  }
  return deferrable(engine, act, DEFERRED)
}

/**
 * Invalidates tags in a scope and below it. In a namespace too they reach whatever carries them: a tag belongs to a scope, not
 * to a namespace.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad tag
 */
export async function invalidateTags(
  engine: Engine,
  place: Place,
  tags: readonly string[],
): Promise<InvalidationResult> {
  const valid = tagList(tags)
  return deferrable(engine, () => mark(engine, place, valid, valid.length), DEFERRED)
}

/**
 * Removes what the store has of a scope and of all below it.
 *
 * @throws CacheError `ERR_CACHE_STORE`, `ERR_CACHE_CLOSED`
 */
export async function purgeScope(engine: Engine, place: Place): Promise<PurgeResult> {
  await invalidateScope(engine, place)
  return (await engine.remote?.purge(place)) ?? { removed: 0, examined: 0 }
}

/**
 * Acts now, or gives `later` and acts when the surrounding `deferInvalidations` succeeds.
 *
 * @throws CacheError `ERR_CACHE_CLOSED`
 */
export async function deferrable<R>(engine: Engine, act: () => Promise<R>, later: R): Promise<R> {
  if (engine.closed) throw new CacheError('ERR_CACHE_CLOSED', 'the cache is closed')
  const { deferral } = engine.context
  if (deferral?.open !== true) return act()
  deferral.add(act)
  return later
}

async function mark(engine: Engine, place: Place, tags: readonly Tag[], named: number): Promise<InvalidationResult> {
  const { node } = place
  if (node !== undefined) engine.tier.mark(node, tags)
  return done(engine, place, { entries: 0, tags: named }, engine.remote?.invalidateTags(place, tags))
}

/** This process's memory is done; the second tier says whether it has it, too. */
async function done(
  engine: Engine,
  place: Place,
  left: { readonly entries: number; readonly tags: number },
  remote: Promise<boolean> | undefined,
): Promise<InvalidationResult> {
  place.count('invalidations')
  engine.signals.emit('invalidate', { namespace: place.space.name, level: place.level.name, ...left })
  return { applied: remote === undefined || (await remote), entries: left.entries }
}
