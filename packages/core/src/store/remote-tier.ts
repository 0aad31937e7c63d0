import { milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import type { Flight } from '../flight.js'
import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { Tag } from '../memory/tag-marks.js'
import type { Outgoing, PurgeResult, Remote, RemoteHealth, RemoteStats, Sight } from '../remote.js'
import { stampText } from '../path-text.js'
import { keyAnnouncement } from './announcement.js'
import { Announcer } from './announcer.js'
import { Invalidations } from './invalidations.js'
import { Leases } from './leases.js'
import { Lookup } from './lookup.js'
import { LookupsUnderWay } from './lookups-under-way.js'
import { Outbox } from './outbox.js'
import { purgeKeys } from './purge.js'
import type { RemoteSettings } from './remote-options.js'
import { unseen } from './seen.js'
import { StoreLink } from './store-link.js'
import type { Store } from './store.js'

/** How long memory is trusted without comparing, in milliseconds: where messages of other processes come, and where not. */
const WITH_BUS = 30_000
const WITHOUT_BUS = 1000
/** How long a start waits for the store at the most. */
const START_LIMIT = 1000
/** How long closing waits for what is under way. */
const CLOSE_LIMIT = 1000

/**
 * The second tier over a store: look-ups, writes, invalidations and what other processes tell. Everything about scopes, stamps,
 * envelopes and freshness is here and in what it is made of; the store only keeps bytes.
 */
export class RemoteTier implements Remote {
  readonly #engine: Engine
  readonly #link: StoreLink
  readonly #announcer: Announcer
  readonly #invalidations: Invalidations
  readonly #outbox: Outbox
  readonly #leases: Leases
  readonly #lookups = new LookupsUnderWay()
  #bus: RemoteHealth['bus']
  #started = false

  constructor(engine: Engine, store: Store, settings: RemoteSettings) {
    this.#engine = engine
    this.#link = new StoreLink(engine, store, settings, (side, down) => this.#guarded(side, down))
    this.#announcer = new Announcer(this.#link, {
      changed: (place, key) => this.#outdate(this.#link.identity(place, key)),
      landed: (place, key) => this.#leases.landed(place, key),
      up: () => this.#heard('up'),
      down: () => this.#heard('down'),
      gap: () => this.#gap(),
    })
    this.#invalidations = new Invalidations(this.#link, this.#announcer)
    this.#outbox = new Outbox(this.#link)
    this.#leases = new Leases(this.#link, this.#announcer, (place, key) => this.look(place, key))
    this.#bus = store.bus === undefined ? 'none' : 'down'
    const { trustWhileDown = 'max' } = engine.memory
    this.#link.trustWhileDown =
      trustWhileDown === 'max' ? Infinity : milliseconds(trustWhileDown, 'memory.trustWhileDown')
    this.#trust()
  }

  look(place: Place, key: MapKey): Promise<Sight> {
    if (!this.#started) this.#start()
    const identity = this.#link.identity(place, key)
    const before = this.#before(identity)
    if (before !== undefined) return this.#lookAfter(before, place, key)
    const shared = this.#lookups.get(identity)
    if (shared !== undefined) return shared.sight
    const lookup = new Lookup(this.#link, place, key, identity)
    const sight = lookup.start(() => this.#lookups.end(identity, lookup))
    this.#lookups.add(identity, lookup)
    return sight
  }

  /** What a look-up waits for: the first connection, and a write of the key. */
  #before(identity: string): Promise<unknown> | undefined {
    return this.#link.guard.connecting ?? this.#outbox.writing(identity)
  }

  /** A look-up after something else; it waits no longer than for the store itself. */
  async #lookAfter(before: Promise<unknown>, place: Place, key: MapKey): Promise<Sight> {
    const identity = this.#link.identity(place, key)
    const passed = async () => {
      for (let next: Promise<unknown> | undefined = before; next !== undefined; next = this.#before(identity))
        await next
    }
    const began = this.#link.now()
    return this.#link.guard.patient(passed()).then(
      () => this.look(place, key),
      () => unseen(began),
    )
  }

  blind(): boolean {
    return this.#link.guard.down && this.#link.mayServeUnasked()
  }

  capture(place: Place): Sight | undefined {
    const { leaf } = place
    if (leaf === undefined) return undefined
    const path = this.#link.stamps.of(leaf.node).path
    const began = this.#link.now()
    if (this.#link.unknown(path, began).length > 0) return undefined
    const { stamps } = this.#link
    const comparedAt = stamps.comparedAt(path, began)
    return { entry: undefined, writeId: undefined, began, comparedAt, stamps: stamps.capture(path) }
  }

  keep(place: Place, flight: Flight, outgoing: Outgoing): void {
    this.#outbox.keep(place, flight, outgoing)
  }

  async write(place: Place, key: MapKey, outgoing: Outgoing): Promise<void> {
    this.#start()
    const identity = this.#link.identity(place, key)
    this.#outdate(identity)
    const message = () => this.#announcer.message(keyAnnouncement('set', place, key))
    if (await this.#outbox.write(place, key, outgoing, message)) this.#invalidations.withdraw(identity)
    // What is there is older than what could not be written: nobody may read it.
    else this.#invalidations.deleteLater(place, key)
  }

  async delete(place: Place, key: MapKey): Promise<void> {
    this.#start()
    const identity = this.#link.identity(place, key)
    this.#outdate(identity)
    const before = this.#outbox.writing(identity)
    if (before !== undefined) {
      await before
      // Who looked it up since may have found what was written before.
      this.#outdate(identity)
    }
    await this.#invalidations.delete(place, key)
  }

  invalidate(place: Place): Promise<boolean> {
    this.#start()
    return this.#invalidations.scope(place)
  }

  invalidateTags(place: Place, tags: readonly Tag[]): Promise<boolean> {
    this.#start()
    return this.#invalidations.tags(place, tags)
  }

  lease(place: Place, key: MapKey, duration: number): Promise<Sight | undefined> {
    return this.#leases.take(place, key, duration)
  }

  release(place: Place, key: MapKey): void {
    const written = this.#outbox.writing(this.#link.identity(place, key))
    this.#engine.background.add(this.#leases.release(place, key, written))
  }

  purge(place: Place): Promise<PurgeResult> {
    return purgeKeys(this.#link.guard.store, this.#engine.clock, place)
  }

  async ready(): Promise<void> {
    this.#start()
    const { store } = this.#link.guard
    const answered = (async () => {
      await store.connect?.()
      await this.#link.guard.getMany([stampText('global', 'scope')])
    })()
    await this.#within(START_LIMIT, answered)
  }

  health(): RemoteHealth {
    const { guard } = this.#link
    return { name: guard.store.name, status: guard.status, bus: this.#bus, queued: this.#invalidations.queued }
  }

  stats(): RemoteStats {
    return this.#link.counters.snapshot()
  }

  async close(): Promise<void> {
    await this.#within(CLOSE_LIMIT, this.#engine.background.settled())
    await this.#within(CLOSE_LIMIT, this.#invalidations.close())
    this.#announcer.stop()
    await this.#within(CLOSE_LIMIT, this.#link.guard.close())
  }

  /** Begins to listen with the first operation: making a cache does no I/O. */
  #start(): void {
    if (this.#started) return
    this.#started = true
    this.#announcer.start()
    const { guard, settings } = this.#link
    const connected = guard.store.connect?.()
    if (connected === undefined) return
    // For as long as a read may wait.
    guard.connecting = this.#within(settings.readTimeout, connected).then(() => {
      guard.connecting = undefined
    })
  }

  /** A look-up under way may find what was there before: it counts no more, and nobody joins it. */
  #outdate(identity: string): void {
    const shared = this.#lookups.get(identity)
    if (shared === undefined) return
    shared.outdated = true
    this.#lookups.end(identity, shared)
  }

  #guarded(side: 'reads' | 'writes', down: boolean): void {
    const { signals, background } = this.#engine
    signals.emit('store', { kind: `${side}-${down ? 'down' : 'up'}` })
    signals.log.once(`store ${side} ${down}`, `${side} of the store are ${down ? 'given up for a while' : 'back'}`, {})
    if (side === 'reads') this.#link.downSince = down ? this.#link.now() : Infinity
    if (down) return
    background.add(this.#invalidations.repeat())
    if (side === 'reads') this.#distrust()
  }

  #heard(bus: 'up' | 'down'): void {
    if (this.#bus === bus) return
    this.#bus = bus
    this.#engine.signals.emit('store', { kind: `bus-${bus}` })
    this.#trust()
    this.#distrust()
    if (bus === 'up') this.#engine.background.add(this.#invalidations.repeat())
  }

  #gap(): void {
    this.#link.counters.gaps++
    this.#engine.signals.emit('store', { kind: 'bus-gap' })
    this.#distrust()
  }

  /** Something may have been missed: nothing is served before it was compared. */
  #distrust(): void {
    this.#link.stamps.distrust()
    this.#engine.tier.distrust()
  }

  /** How long memory counts without comparing depends on whether messages come. */
  #trust(): void {
    const { revalidateAfter } = this.#engine.memory
    const most = this.#bus === 'down' ? WITHOUT_BUS : Infinity
    const otherwise = this.#bus === 'up' ? WITH_BUS : WITHOUT_BUS
    const chosen = revalidateAfter === undefined ? otherwise : milliseconds(revalidateAfter, 'memory.revalidateAfter')
    this.#engine.tier.revalidateAfter = Math.min(chosen, most)
    // An entry is trusted no longer than its stamps: so that it is for half of that time at least, these are compared twice as often.
    this.#link.stamps.trustedFor = this.#engine.tier.revalidateAfter / 2
  }

  async #within(limit: number, work: Promise<unknown>): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#engine.clock.after(limit, resolve)
    })
    await Promise.race([work.catch((error: unknown) => this.#link.failed(error)), late])
    cancel()
  }
}
