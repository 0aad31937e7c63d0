import { CacheError } from './cache-error.js'
import { contextOf, countLoad, land, type Task } from './get-or-set.js'
import type { LoadContext } from './load-context.js'
import type { Entry } from './memory/entry.js'
import { readValue } from './values.js'

/** Produces a missing value at once. */
export type LoadSync<T> = (context: LoadContext<T>) => T

/** A `getOrSet` whose loader is synchronous. */
export type SyncTask<T> = Omit<Task<T>, 'load'> & { readonly load: LoadSync<T> }

/** The road of a synchronous `getOrSet` that found nothing calm. Nothing can be joined, and nothing reloads in the background. */
export function getOrSetSync<T>(task: SyncTask<T>): T {
  const { engine, place, key } = task
  const entry = engine.closed ? undefined : place.find(key)
  if (task.refresh) return loadSync(task, entry)
  if (entry !== undefined && engine.tier.time.now() < entry.freshUntil && place.trusts(entry)) {
    place.hit(entry)
    return readValue(task.values, entry.value) as T
  }
  place.tell('miss', 'misses')
  try {
    return loadSync(task, entry)
  } catch (error) {
    if (entry === undefined || engine.tier.time.exact() >= entry.errorUntil || !place.serves(entry)) throw error
    place.tell('stale', 'stale')
    return readValue(task.values, entry.value) as T
  }
}

function loadSync<T>(task: SyncTask<T>, previous: Entry | undefined): T {
  const { engine, place } = task
  const flight = place.lead(task.key)
  flight.sight = engine.remote?.capture(place)
  const context = contextOf<T>(task, previous)
  const started = engine.clock.now()
  try {
    const value = engine.context.narrow(place, () => task.load(context))
    refusePromise(value)
    countLoad(task, engine.clock.now() - started, undefined)
    land(task, flight, context, value)
    return value
  } catch (error) {
    place.abandon(flight, { status: 'failed', error })
    countLoad(task, engine.clock.now() - started, { error })
    throw error
  }
}

/**
 * A promise is no value: kept, it would hand out its outcome, even a rejection, as if it were one.
 *
 * @throws CacheError `ERR_CACHE_VALUE`
 */
export function refusePromise(value: unknown): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return
  throw new CacheError('ERR_CACHE_VALUE', 'a synchronous loader returned a promise: use the asynchronous form')
}
