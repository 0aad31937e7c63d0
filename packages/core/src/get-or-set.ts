import { CacheError } from './cache-error.js'
import type { Engine } from './engine.js'
import type { Flight, Settlement } from './flight.js'
import type { MapKey } from './key-text.js'
import { LoadContext, type Load } from './load-context.js'
import type { Entry } from './memory/entry.js'
import type { Place, Terms } from './memory/place.js'
import type { ResolvedPolicy } from './policy.js'
import type { Remote, Sight } from './remote.js'
import type { BypassReason } from './signals.js'
import { keptValue, readValue, type ValuesMode } from './values.js'

/** How long a caller waits for somebody else's load before it loads for itself, in milliseconds (rule R-16). */
const FOLLOW_LIMIT = 5000
/** How often a caller looks again after what it waited for was invalidated, before it loads for itself. */
const ATTEMPTS = 3
/** After a failed reload a stale value is served this long without another attempt, in milliseconds. */
const RETRY_PAUSE = 100

/** One `getOrSet`: what is asked for and how it is produced. */
export interface Task<T> {
  readonly engine: Engine
  readonly place: Place
  readonly values: ValuesMode
  readonly key: MapKey
  readonly load: Load<T>
  readonly policy: ResolvedPolicy
  /** Reload even what is fresh. */
  readonly refresh: boolean
  /** What the store is known to have, where it was asked already. */
  readonly sight?: Sight | undefined
}

/** The road of a `getOrSet` that found nothing calm: fresh after all, stale, joined, or loaded. */
export async function getOrSet<T>(task: Task<T>): Promise<T> {
  const { engine, place } = task
  if (engine.closed) return alone(task, 'closed')
  if (!engine.tier.keeps) return alone(task, 'memory-off')
  const entry = place.find(task.key)
  if (task.refresh) return lead(task, entry)
  // What another process may have changed unheard is no better than nothing: the store is asked first.
  if (entry !== undefined && !place.trusts(entry)) return produce(task, undefined)
  if (entry !== undefined && mayServe(task, entry)) return serve(task, entry)
  if (engine.remote === undefined) place.tell('miss', 'misses')
  return entry === undefined ? produce(task, entry) : produceOrStale(task, entry)
}

/** Whether an entry is given out at once: fresh, or stale within a window in which nobody waits for a reload. */
function mayServe<T>({ engine, policy }: Task<T>, entry: Entry): boolean {
  const now = engine.tier.time.now()
  if (now < Math.max(entry.freshUntil, Math.min(entry.retryAt, entry.errorUntil))) return true
  return now < entry.staleUntil && policy.softTimeout === undefined
}

function serve<T>(task: Task<T>, entry: Entry): T {
  const now = task.engine.tier.time.now()
  return now < entry.freshUntil ? ahead(task, entry) : stale(task, entry, now >= entry.retryAt)
}

/** Joins the load under way for the key, or leads one. */
async function produce<T>(task: Task<T>, entry: Entry | undefined): Promise<T> {
  const { engine, place, key } = task
  let slow: Flight | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const flight = place.flight(key)
    if (flight === undefined || flight === slow) return engine.background.hold(lead(task, entry))
    const settlement = await follow(task, flight)
    if (settlement.status === 'stored') {
      if (engine.remote !== undefined) countFollower(task, settlement.found === true)
      return readValue(task.values, settlement.value) as T
    }
    if (settlement.status === 'failed') throw settlement.error
    if (settlement.status === 'unshared') break
    // The first to lose patience takes the slow load's place; the others find the new one and wait for that.
    slow = settlement === LATE ? flight : undefined
    entry = place.find(key)
    if (entry !== undefined && mayServe(task, entry) && place.trusts(entry)) return serve(task, entry)
  }
  return alone(task, 'not-shareable')
}

/** Produces; gives the stale value where that takes too long or fails, if that is consented. */
async function produceOrStale<T>(task: Task<T>, entry: Entry): Promise<T> {
  const { engine, place, policy } = task
  const loading = produce(task, entry)
  try {
    if (policy.softTimeout === undefined) return await loading
    const first = await raceTimer(engine, loading, policy.softTimeout)
    if (first !== LATE) return first as T
    if (!place.serves(entry)) return await loading
    engine.background.add(loading)
  } catch (error) {
    if (engine.tier.time.exact() >= entry.errorUntil || !place.serves(entry)) throw error
  }
  return stale(task, entry, false)
}

/** A fresh hit near its end: reloads in the background. */
function ahead<T>(task: Task<T>, entry: Entry): T {
  task.place.hit(entry)
  if (task.engine.tier.time.now() >= Math.max(entry.aheadFrom, entry.retryAt)) refresh(task, entry)
  return readValue(task.values, entry.value) as T
}

/** A stale value, served at once while one caller reloads it. */
function stale<T>(task: Task<T>, entry: Entry, reload: boolean): T {
  task.place.tell('stale', 'stale')
  if (reload) refresh(task, entry)
  return readValue(task.values, entry.value) as T
}

/** Reloads in the background, once for each key; not at all while so much loads that this could not be told. */
function refresh<T>(task: Task<T>, entry: Entry): void {
  const { engine, place, key } = task
  if (place.flight(key) !== undefined || engine.tier.crowded) return
  // The store is asked once more: another process may have reloaded it meanwhile.
  engine.background.add(lead({ ...task, sight: undefined }, entry, true))
}

/** Brings the value for everybody who asks meanwhile: from the store where it has it, else by a load. */
async function lead<T>(task: Task<T>, previous: Entry | undefined, reload = task.sight !== undefined): Promise<T> {
  const { engine, place } = task
  const flight = place.lead(task.key)
  if (!flight.registered) place.bypass('too-many-loads')
  if (engine.remote === undefined) return load(task, flight, previous)
  const sight = (flight.sight = await sighted(task, engine.remote))
  const { entry } = sight
  const usableUntil = (reload ? entry?.aheadFrom : entry?.freshUntil) ?? 0
  if (entry !== undefined && !task.refresh && engine.tier.time.now() < usableUntil) {
    place.settle(flight, { status: 'stored', value: entry.value, found: true })
    return reload ? (readValue(task.values, entry.value) as T) : ahead(task, entry)
  }
  if (entry === undefined || task.refresh || reload) {
    if (!task.refresh && !reload) place.tell('miss', 'misses')
    return load(task, flight, entry ?? previous)
  }
  // Stale: who waits finds it in memory now, and decides for itself.
  place.abandon(flight, { status: 'outdated' })
  if (mayServe(task, entry)) return stale(task, entry, true)
  place.tell('miss', 'misses')
  return produceOrStale({ ...task, sight }, entry)
}

/** What the store has; with a lease, what another process brings meanwhile. */
async function sighted<T>({ place, key, policy, refresh, sight }: Task<T>, remote: Remote): Promise<Sight> {
  const first = sight ?? (await remote.look(place, key))
  if (policy.lease === 0 || refresh || first.entry !== undefined) return first
  return (await remote.lease(place, key, policy.lease)) ?? first
}

/** A caller who waited for another one's load. */
function countFollower<T>({ place }: Task<T>, found: boolean): void {
  if (found) place.count('hits')
  else place.tell('miss', 'misses')
}

async function load<T>(task: Task<T>, flight: Flight, previous: Entry | undefined): Promise<T> {
  const { engine, place } = task
  const context = contextOf<T>(task, previous)
  try {
    const value = await execute(task, context)
    land(task, flight, context, value)
    return value
  } catch (error) {
    if (previous) previous.retryAt = engine.tier.time.exact() + RETRY_PAUSE
    place.abandon(flight, { status: 'failed', error })
    throw error
  } finally {
    if (task.policy.lease > 0) engine.remote?.release(place, task.key)
  }
}

/** Loads for this caller only and keeps nothing. */
async function alone<T>(task: Task<T>, reason: BypassReason): Promise<T> {
  task.place.bypass(reason)
  return execute(task, contextOf<T>(task, undefined))
}

/** What a load starts with. */
export function contextOf<T>(
  task: Pick<Task<T>, 'engine' | 'values' | 'policy'>,
  previous: Entry | undefined,
): LoadContext<T> {
  const { engine, values, policy } = task
  const known = previous && {
    value: readValue(values, previous.value) as T,
    age: engine.tier.time.now() - previous.storedAt,
  }
  return new LoadContext<T>(known, policy.tags)
}

/** Runs the loader within its time, in a context that holds only the ids down to its level. */
async function execute<T>(task: Task<T>, context: LoadContext<T>): Promise<T> {
  const { engine, place, policy } = task
  const started = engine.clock.now()
  engine.loads.add(context)
  let failure: { error: unknown } | undefined
  try {
    const loading = engine.context.narrow(place, () => task.load(context))
    if (policy.loadTimeout === Infinity) return await loading
    const first = await raceTimer(engine, loading, policy.loadTimeout)
    if (first !== LATE) return first as T
    const timeout = new CacheError('ERR_CACHE_TIMEOUT', 'load: took longer than its loadTimeout')
    context.abort(timeout)
    throw timeout
  } catch (error) {
    failure = { error }
    throw error
  } finally {
    engine.loads.delete(context)
    countLoad(task, engine.clock.now() - started, failure)
  }
}

/** Counts a load and tells who listens. */
export function countLoad(
  task: Pick<Task<never>, 'engine' | 'place'>,
  duration: number,
  failure: { readonly error: unknown } | undefined,
): void {
  const { place, engine } = task
  place.count('loads')
  place.count('loadTime', duration)
  if (failure) place.count('loadErrors')
  engine.signals.emit('load', { ...place.labels, duration, ...failure })
}

/** Keeps what was loaded, as far as policy, loader and invalidations allow. */
export function land<T>(
  task: Pick<Task<T>, 'engine' | 'place' | 'policy' | 'values'>,
  flight: Flight,
  context: LoadContext<T>,
  value: T,
): void {
  const { engine, place, policy } = task
  const { ttl, tags, skipped } = context.decided
  try {
    if (skipped || engine.closed || policy.cacheIf?.(value as never) === false) return place.abandon(flight)
    const terms: Terms = { policy: ttl === undefined ? policy : { ...policy, ttl }, tags }
    place.land(flight, keptValue(task.values, value), terms)
  } catch (error) {
    // It cannot be cloned, or `cacheIf` threw: the caller gets it, nobody else does.
    engine.failed(error, place.labels)
    place.bypass('value-refused')
    place.abandon(flight)
  }
}

/** Waits for somebody else's load, with a deadline of its own: on Workers another request's promise may never settle. */
function follow<T>(task: Task<T>, flight: Flight): Promise<Settlement | typeof LATE> {
  return raceTimer(task.engine, flight.settled, Math.min(FOLLOW_LIMIT, task.policy.loadTimeout))
}

const LATE = { status: 'late' } as const

/** What the promise gives, or {@link LATE} after that many milliseconds. */
async function raceTimer<T>(engine: Engine, promise: Promise<T> | T, delay: number): Promise<T | typeof LATE> {
  let cancel = () => {}
  const timer = new Promise<typeof LATE>((resolve) => {
    cancel = engine.clock.after(delay, () => resolve(LATE))
  })
  try {
    return await Promise.race([promise, timer])
  } finally {
    cancel()
  }
}
