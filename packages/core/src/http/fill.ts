import type { Flight, Settlement } from '../flight.js'
import { countLoad } from '../get-or-set.js'
import type { MapKey } from '../key-text.js'
import type { Terms } from '../memory/place.js'
import type { BoundRoute } from './bound-route.js'
import {
  refusedLate,
  storableFor,
  type ResponseHead,
  type StorableVerdict,
  type StoringRules,
} from './decide/storable.js'
import { isForAnybody, staysPlaced, type Placed } from './placement.js'
import type { RefusalToStore } from './reasons.js'
import type { Known } from './request-identity.js'
import { variantKey } from './response-keys.js'
import { ResponseRecord } from './response-record.js'
import { fieldLines, type HeaderFields } from './syntax/header-fields.js'
import { VariantIndex } from './variant-index.js'

/** How long a URL remembers by which headers it varies, in milliseconds; after that it learns it again. */
const INDEX_LIFE = 24 * 3_600_000
/** The terms of an index; what it takes in memory is a guess: that of one with a dozen variants. */
export const INDEX_TERMS: Terms = {
  policy: { ttl: INDEX_LIFE, staleWhileRevalidate: 0, staleIfError: 0, refreshAhead: 0, jitter: 0 },
  tags: [],
  bytes: 4096,
}

/**
 * What becomes of the response of the one request that runs the handler for all who ask meanwhile: judged when its head is
 * known, recorded while it flows, stored when it is complete, with the stamps of its beginning. Those who wait learn at once
 * when it cannot be shared.
 */
export class Fill {
  readonly #route: BoundRoute
  readonly #placed: Placed
  readonly #rules: StoringRules
  readonly #startedAt: number
  #flight: Flight
  #index: VariantIndex | undefined
  #headAt = 0
  #record: ResponseRecord | undefined
  /** The handler has ended, one way or the other. */
  #over = false

  constructor(route: BoundRoute, placed: Placed, flight: Flight, index: VariantIndex | undefined) {
    this.#route = route
    this.#placed = placed
    const { needsPermission, place } = placed
    this.#rules = { ...route.rules, shared: !place.level.personal, needsPermission }
    this.#flight = flight
    this.#index = index
    this.#startedAt = route.engine.clock.now()
  }

  /** Whether the bytes of the body are wanted. */
  get recording(): boolean {
    return this.#record !== undefined
  }

  /**
   * Judges the response by its head.
   *
   * @param before the fields that stood before the handler began
   * @returns why it is not stored, or nothing where it may be
   */
  judge(status: number, fields: HeaderFields, before: HeaderFields): RefusalToStore | undefined {
    if (this.#over) return 'handler-failed'
    const { clock } = this.#route.engine
    this.#headAt = clock.now()
    const delay = this.#headAt - this.#startedAt
    const head: ResponseHead = { status, lines: fieldLines(fields), now: clock.wall(), delay }
    const verdict = this.#verdict(head)
    if (!verdict.store) return this.#refuse(verdict.reason, status >= 500)
    if (declaredLength(head) > this.#route.plan.maxBodyBytes) return this.#refuse('body-too-large')
    if (!this.#enterVariant(verdict.vary)) return this.#refuse('too-many-variants')
    this.#record = new ResponseRecord(this.#route, head, verdict, fields, before)
    return undefined
  }

  /** Judges what others added while the head was being written. */
  judgeLate(late: HeaderFields): void {
    const reason = this.#record && refusedLate(fieldLines(late), this.#rules)
    if (reason !== undefined) this.#refuse(reason)
  }

  /** What is written after the end was never sent, and is no part of the response. */
  write(chunk: Uint8Array): void {
    if (!this.#over && this.#record && !this.#record.body.add(chunk)) this.#refuse('body-too-large')
  }

  /** The handler completed its response: it is stored, unless something speaks against it now. */
  end(): void {
    if (this.#over) return
    this.#finish(false)
    const confirmed = this.#record === undefined || this.#confirm()
    if (typeof confirmed === 'boolean') this.#land(confirmed)
    else this.#route.engine.background.add(confirmed.then((same) => this.#land(same)))
  }

  /** The response was cut off, or nothing came at all: who waits begins anew. */
  abort(): void {
    if (this.#over) return
    this.#finish(true)
    this.#giveUp({ status: 'outdated' })
  }

  /** The handler threw, or its failure is answered from a stale copy: who waits may do the same. */
  fail(): void {
    this.#finish(true)
    this.#giveUp({ status: 'failed', error: undefined })
  }

  #verdict(head: ResponseHead): StorableVerdict {
    const { skipped, ttl } = this.#placed.context.decisions
    if (skipped) return { store: false, reason: 'skipped' }
    return storableFor(head, { ...this.#rules, decided: ttl })
  }

  /** Moves the flight to the variant that the response turns out to be; `false` where its URL has too many. */
  #enterVariant(names: readonly string[]): boolean {
    const { place, base, claims, context } = this.#placed
    if (this.#index === undefined && names.length === 0) return true
    const index = (this.#index ??= new VariantIndex())
    const known = index.names.length
    if (!index.learn(names)) return false
    // Other processes have to learn it, too; a new one lands by itself.
    if (this.#flight.key !== base && index.names.length > known) void place.write(base, () => index, INDEX_TERMS)
    const key = variantKey(this.#route, context.request, base, claims, index)
    if (key === undefined || !index.admit(key, place)) return false
    if (key !== this.#flight.key) this.#moveTo(key, index)
    return true
  }

  #moveTo(key: MapKey, index: VariantIndex): void {
    const { place, base, context } = this.#placed
    const origin = this.#flight
    this.#flight = place.branch(origin, key)
    context.leading.add(this.#flight)
    // Who waits under the old key looks again, and finds out by the index whether this variant is theirs.
    if (origin.key === base) place.land(origin, index, INDEX_TERMS)
    else place.abandon(origin, { status: 'outdated' })
  }

  /** Whether the request still comes from whom it was placed for: the identity is asked for anew, claims and all. */
  #confirm(): boolean | Promise<boolean> {
    if (isForAnybody(this.#route)) return true
    const known = this.#placed.context.identity.askAgain()
    const same = (now: Known) => staysPlaced(this.#route, this.#placed, now)
    return known instanceof Promise ? known.then(same) : same(known)
  }

  #land(sameCaller: boolean): void {
    if (this.#record === undefined) return
    const { place, context } = this.#placed
    if (!sameCaller) return void this.#refuse('identity-changed')
    if (context.decisions.skipped) return void this.#refuse('skipped')
    const elapsed = this.#route.engine.clock.now() - this.#headAt
    const stored = this.#record.complete(elapsed)
    if (stored === undefined) return this.#giveUp({ status: 'outdated' })
    const terms = this.#record.terms(elapsed, context.decisions.tags, stored.bytes)
    if (terms === undefined) return void this.#refuse('not-fresh')
    this.#record = undefined
    this.#route.uncacheable.delete(place, this.#flight.key)
    place.land(this.#flight, stored, terms)
  }

  /** Gives up storing; those who wait are told now, and for a while nobody waits under this key. */
  #refuse(reason: RefusalToStore, failed = false): RefusalToStore {
    const { engine, space, level, notes, uncacheable } = this.#route
    const { place, needsPermission } = this.#placed
    // A failure says nothing about the next response, nor does a credential about those who have none.
    if (!failed && !needsPermission) uncacheable.add(place, this.#flight.key)
    this.#giveUp({ status: 'unshared' })
    engine.bypass('response', space, level.name, reason)
    notes.notCached(reason)
    return reason
  }

  #giveUp(settlement: Settlement): void {
    this.#record = undefined
    this.#placed.place.abandon(this.#flight, settlement)
  }

  /** Counts the run of the handler, once. */
  #finish(failed: boolean): void {
    if (this.#over) return
    this.#over = true
    const { engine } = this.#route
    const duration = engine.clock.now() - this.#startedAt
    countLoad({ engine, place: this.#placed.place }, duration, failed ? { error: undefined } : undefined)
  }
}

/** The length that the head announces; 0 where it announces none. */
function declaredLength({ lines }: ResponseHead): number {
  return Number(lines.get('content-length')?.[0] ?? 0)
}
