import { CacheError } from '../cache-error.js'
import type { Flight } from '../flight.js'
import type { MapKey } from '../key-text.js'
import type { Entry } from '../memory/entry.js'
import type { Remote, Sight } from '../remote.js'
import { bindRoute, type BoundRoute } from './bound-route.js'
import { gateRequest } from './decide/request-gate.js'
import { Fill, INDEX_TERMS } from './fill.js'
import { waitFor } from './following.js'
import type { HttpSettings } from './http-settings.js'
import { isForAnybody, placeRequest, type Placed } from './placement.js'
import type { RequestBypass } from './reasons.js'
import { Recording } from './recording.js'
import { gatewayTimeout, replayStored, type Replay } from './replay.js'
import type { RequestContext } from './request-context.js'
import type { Known } from './request-identity.js'
import { variantKey } from './response-keys.js'
import { addRouteTags, skipReason } from './route-functions.js'
import { registerRoute } from './route-registry.js'
import type { RoutePlan } from './route-plan.js'
import { forwardReason, mayUse, select, selectAcross, type Selection } from './selection.js'
import { staleCopy, staleReplay } from './stale-copy.js'
import { StoredResponse } from './stored-response.js'
import { formatCacheStatus, type ForwardReason } from './syntax/cache-status.js'
import { VariantIndex } from './variant-index.js'

/** What an adapter does with a request: send a stored response, or run the handler and show its response to the recording. */
export type Outcome = Replay | { readonly kind: 'run'; readonly recording: Recording | undefined }

/** How often a request waits for others before it runs the handler for itself. */
const ATTEMPTS = 3
const UNTOUCHED: Outcome = { kind: 'run', recording: undefined }
const NOBODY: Known = { status: 'unknown', reason: 'no-scope' }

/**
 * The response cache of one route in one cache. {@link answer} is the whole road of a request: gates, identity, scope, key,
 * look-up; then a replay, or the handler with a recording of what it answers.
 */
export class ResponseCache {
  readonly #route: BoundRoute
  /** Whether the route itself names headers or claims by which its URLs vary. */
  readonly #keyed: boolean
  /** Whether it is of no matter who asks. */
  readonly #anybody: boolean
  /** Whether URLs of this route are known to vary: then even a hit takes two look-ups. */
  #varies: boolean
  /** Loads of requests with credentials: what they bring is most likely nobody else's, so nobody waits for it. */
  readonly #unjoinable = new WeakSet<Flight>()
  readonly #hit: string

  /**
   * @throws CacheError `ERR_CACHE_SCOPE` for a level that the cache does not declare, `ERR_CACHE_CONFIG` for a name that is
   *   taken by another route
   */
  constructor(plan: RoutePlan, settings: HttpSettings) {
    this.#route = bindRoute(plan, settings)
    this.#keyed = plan.varyHeaders.length > 0 || plan.varyClaims.length > 0
    this.#varies = this.#keyed
    this.#anybody = isForAnybody(this.#route)
    this.#hit = `${formatCacheStatus(settings.name, { hit: true })}; ttl=`
    registerRoute(this.#route)
  }

  /**
   * What to do with a request. A promise only where the identity takes time to find, or somebody else's response is waited
   * for.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` where the caller cannot be placed and `onMissingScope` is `'throw'`
   */
  answer(context: RequestContext): Outcome | Promise<Outcome> {
    const { request } = context
    if (request.method !== 'GET' && request.method !== 'HEAD') return UNTOUCHED
    if (this.#route.engine.closed) return UNTOUCHED
    const gate = gateRequest(request)
    if (gate.kind === 'bypass') return this.#bypass(context, gate.reason, gate.fwd)
    const skipped = skipReason(this.#route.plan, context)
    if (skipped !== undefined) return this.#bypass(context, skipped)
    const known = this.#anybody ? NOBODY : context.identity.ask()
    if (known instanceof Promise) return known.then((now) => this.#answerKnown(context, now, gate.onlyIfCached))
    return this.#answerKnown(context, known, gate.onlyIfCached)
  }

  /** Outside production: names what a hit answers without running, once. */
  noteSkipped(names: () => readonly string[]): void {
    this.#route.notes.skips(names)
  }

  #answerKnown(context: RequestContext, known: Known, onlyIfCached: boolean): Outcome | Promise<Outcome> {
    const placed = placeRequest(this.#route, context, known)
    if (typeof placed === 'string') return this.#unplaced(context, placed)
    return this.#look(placed, onlyIfCached, 0)
  }

  #look(placed: Placed, onlyIfCached: boolean, attempt: number): Outcome | Promise<Outcome> {
    const { place, base } = placed
    if (!this.#varies && !placed.needsPermission) {
      const entry = place.fresh(base)
      if (entry?.value instanceof StoredResponse) return this.#replay(placed, entry.value, entry)
      // It was counted as a hit, and is no response at all.
      if (entry !== undefined) place.count('hits', -1)
    }
    const { remote } = this.#route.engine
    if (remote === undefined) {
      return this.#decide(placed, select(this.#route, placed, this.#keyed), onlyIfCached, attempt)
    }
    return this.#lookFurther(remote, placed, onlyIfCached, attempt)
  }

  async #lookFurther(remote: Remote, placed: Placed, onlyIfCached: boolean, attempt: number): Promise<Outcome> {
    const selection = await selectAcross(remote, this.#route, placed, this.#keyed)
    return this.#decide(placed, selection, onlyIfCached, attempt)
  }

  /** What to do with what was found. */
  #decide(
    placed: Placed,
    selection: Selection | undefined,
    onlyIfCached: boolean,
    attempt: number,
  ): Outcome | Promise<Outcome> {
    const { place } = placed
    if (selection === undefined) return this.#bypass(placed.context, 'key-too-long')
    const { entry, index } = selection
    if (index !== undefined) this.#varies = true
    if (entry?.value instanceof StoredResponse && mayUse(placed, entry.value)) {
      const now = this.#route.engine.tier.time.now()
      if (now < entry.freshUntil) {
        place.hit(entry)
        return this.#replay(placed, entry.value, entry)
      }
      if (now < entry.staleUntil && (onlyIfCached || place.flight(selection.key) !== undefined)) {
        return staleReplay(this.#route, placed.context, { place, entry }, { hit: true })
      }
    }
    const outcome = onlyIfCached ? this.#unavailable() : this.#run(placed, selection, attempt)
    // Counted now: before, the scope may not have existed.
    if (attempt === 0) this.#countMiss(placed)
    return outcome
  }

  /** Runs the handler for all who ask meanwhile, or waits for the one that does, or runs it for this request alone. */
  #run(placed: Placed, selection: Selection, attempt: number): Outcome | Promise<Outcome> {
    const { place, context, needsPermission } = placed
    // HEAD has no body to store.
    if (context.request.method === 'HEAD') return this.#alone(placed, selection)
    const flight = place.flight(selection.key)
    if (flight === undefined) return this.#lead(placed, selection)
    if (context.leading.has(flight)) return UNTOUCHED
    if (needsPermission) return this.#alone(placed, selection)
    if (this.#unjoinable.has(flight)) return this.#lead(placed, selection)
    if (attempt >= ATTEMPTS || this.#route.uncacheable.has(place, selection.key)) return this.#alone(placed, selection)
    return this.#follow(placed, selection, flight, attempt)
  }

  async #follow(placed: Placed, selection: Selection, flight: Flight, attempt: number): Promise<Outcome> {
    const { place } = placed
    const settlement = await waitFor(flight, this.#route.engine.clock)
    if (settlement?.status === 'stored' && settlement.value instanceof StoredResponse) {
      return this.#collapsed(placed, selection, settlement.value)
    }
    if (settlement?.status === 'stored' || settlement?.status === 'outdated')
      return this.#look(placed, false, attempt + 1)
    if (settlement?.status === 'failed' && selection.entry !== undefined) {
      const copy = staleCopy(
        this.#route,
        placed.context,
        { place, entry: selection.entry },
        { fwd: 'stale', collapsed: true },
      )
      if (copy !== undefined) return copy
    }
    // One of those who waited in vain takes the place of the one they waited for.
    const current = place.flight(selection.key)
    const vacant = current === undefined || current === flight
    return vacant ? this.#lead(placed, selection) : this.#alone(placed, selection)
  }

  #lead(placed: Placed, selection: Selection): Outcome {
    const { place, base, claims, context } = placed
    const route = this.#route
    if (!addRouteTags(route.plan, context)) return this.#bypass(context, 'option-threw')
    let { key, index } = selection
    if (this.#keyed && index === undefined) {
      const made = (index = new VariantIndex())
      const variant = variantKey(route, context.request, base, claims, made)
      if (variant === undefined) return this.#bypass(context, 'key-too-long')
      void place.write(base, () => made, INDEX_TERMS)
      key = variant
    }
    const flight = place.lead(key)
    flight.sight = sightOf(selection, key)
    context.leading.add(flight)
    if (placed.needsPermission) this.#unjoinable.add(flight)
    const fill = new Fill(route, placed, flight, index)
    const { entry } = selection
    const usable = entry?.value instanceof StoredResponse && mayUse(placed, entry.value)
    const fallback = usable ? { place, entry } : undefined
    return {
      kind: 'run',
      recording: new Recording({ route, context, fwd: forwardReason(placed, selection), fill, fallback }),
    }
  }

  /** Runs the handler for this request only; nothing is stored. */
  #alone(placed: Placed, selection: Selection): Outcome {
    const { engine, space, level } = this.#route
    const { context } = placed
    if (context.request.method !== 'HEAD') engine.bypass('not-shareable', space, level.name)
    return {
      kind: 'run',
      recording: new Recording({ route: this.#route, context, fwd: forwardReason(placed, selection) }),
    }
  }

  #bypass(context: RequestContext, reason: RequestBypass, fwd: ForwardReason = 'bypass'): Outcome {
    const { engine, space, level, notes } = this.#route
    engine.bypass(reason === 'no-scope' ? 'scope-unresolved' : 'request', space, level.name, reason)
    notes.notCached(reason)
    return { kind: 'run', recording: new Recording({ route: this.#route, context, fwd, reason }) }
  }

  /** A caller who cannot be placed shares with nobody (rule R-01). */
  #unplaced(context: RequestContext, reason: RequestBypass): Outcome {
    const { plan, engine, level } = this.#route
    const bypassed = this.#bypass(context, reason)
    if (UNPLACED.has(reason) && (plan.onMissingScope ?? engine.onMissingScope) === 'throw') {
      throw new CacheError('ERR_CACHE_SCOPE', `${plan.name}: the caller cannot be placed at level "${level.name}"`)
    }
    return bypassed
  }

  #replay({ context }: Placed, stored: StoredResponse, entry: Entry): Replay {
    const { tier, clock } = this.#route.engine
    const now = tier.time.now()
    const cacheStatus = this.#hit + Math.floor((entry.freshUntil - now) / 1000)
    return replayStored(stored, context.request, stored.age + now - entry.storedAt, cacheStatus, clock.wall())
  }

  /** What another request brought, if this one could have read it from the cache (rule R-15). */
  #collapsed(placed: Placed, selection: Selection, stored: StoredResponse): Outcome {
    const status = { fwd: forwardReason(placed, selection), collapsed: true }
    const cacheStatus = formatCacheStatus(this.#route.settings.name, status)
    return replayStored(stored, placed.context.request, stored.age, cacheStatus, this.#route.engine.clock.wall())
  }

  #unavailable(): Replay {
    return gatewayTimeout(formatCacheStatus(this.#route.settings.name, { detail: 'only-if-cached' }))
  }

  #countMiss({ place }: Placed): void {
    place.count('misses')
    this.#route.engine.signals.emit('miss', place.labels)
  }
}

/** What the store has under the key that a load is registered under; of a variant that was never asked for it has nothing. */
function sightOf({ sight, key }: Selection, led: MapKey): Sight | undefined {
  return sight === undefined || key === led ? sight : { ...sight, entry: undefined, writeId: undefined }
}

/** Reasons for which nobody knows whose scope a request belongs to. */
const UNPLACED: ReadonlySet<RequestBypass> = new Set([
  'no-scope',
  'identity-refused',
  'identity-failed',
  'identity-changed',
])
