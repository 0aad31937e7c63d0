import { CacheError } from '../cache-error.js'
import type { Engine } from '../engine.js'
import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { Space } from '../memory/space.js'
import { keyText, namespaceText, scopeText } from '../path-text.js'
import { ID_BYTES } from './envelope.js'
import { GuardedStore, type GuardListener } from './guarded-store.js'
import { encodeEnvelope } from './envelope-writer.js'
import { randomId } from './random-id.js'
import { RemoteCounters } from './remote-counters.js'
import type { RemoteSettings } from './remote-options.js'
import { Stamps, isStamp, sameBytes, Asked, type Stamp, type StampPath } from './stamps.js'
import type { Store, StoreItem } from './store.js'

/** Stamps live twice the longest lifetime that was ever stamped with them, and at least this long, in milliseconds. */
const SHORTEST_STAMP_LIFE = 24 * 3_600_000

/** How long a deleted key leaves its mark, in milliseconds. */
export const TOMBSTONE_LIFE = 60_000

const NONE: readonly Stamp[] = []

/** What all parts of the second tier share: the guarded store, the stamps, the counts. */
export class StoreLink {
  readonly engine: Engine
  readonly settings: RemoteSettings
  readonly counters = new RemoteCounters()
  readonly stamps = new Stamps()
  readonly guard: GuardedStore
  /** How long memory is trusted while the store cannot be asked, in milliseconds. */
  trustWhileDown = Infinity
  /** When reads began to fail, in milliseconds of the tier's time. */
  downSince = Infinity
  #longestLife = 0
  /** What stands between scope and key: it is asked for with every operation. */
  readonly #namespaces = new WeakMap<Space, string>()

  constructor(engine: Engine, store: Store, settings: RemoteSettings, listener: GuardListener) {
    this.engine = engine
    this.settings = settings
    this.guard = new GuardedStore(store, settings, engine.clock, this.counters, listener)
  }

  /** Now, in milliseconds of the memory tier's time. */
  now(): number {
    return this.engine.tier.time.exact()
  }

  /** What an entry is, in full: its key in the store, and what its envelope has to say. */
  identity(place: Place, key: MapKey): string {
    const { leaf, space } = place
    const scope = leaf === undefined ? scopeText(place.level, place.ids) : this.stamps.of(leaf.node).text
    return scope + (this.#namespaces.get(space) ?? this.#namespaceText(space)) + keyText(key)
  }

  #namespaceText(space: Space): string {
    const text = namespaceText([this.engine.version, space.version], space.name)
    this.#namespaces.set(space, text)
    return text
  }

  /** A stamp on its way into the store. */
  stampItem(key: string, value: Uint8Array): StoreItem {
    return { key, value, ttl: Math.max(2 * this.#longestLife, SHORTEST_STAMP_LIFE) }
  }

  /** The mark of a deleted key: a load that looked before it does not write over it. */
  tombstone(identity: string): StoreItem {
    const envelope = { writeId: randomId(), identity, content: { kind: 'tombstone' } as const }
    return { key: identity, value: encodeEnvelope(envelope, this.settings.sealing), ttl: TOMBSTONE_LIFE }
  }

  /** This moment, for what is asked for now. */
  asking(): Asked {
    const { tick, epoch } = this.stamps
    return new Asked(this.now(), tick, epoch, this.engine.tier.sequence)
  }

  /**
   * Reads stamps, and makes those that the store does not have.
   *
   * @throws whatever the guarded store throws
   */
  async comparePath(path: StampPath, stamps: readonly Stamp[]): Promise<void> {
    if (stamps.length === 0) return
    const asked = this.asking()
    const values = await this.guard.getMany(stamps.map(({ key }) => key))
    this.learn(path, stamps, values, asked)
  }

  /** What the store says about stamps of a path. Where one is another than before, what memory has under it is dead. */
  learn(path: StampPath, stamps: readonly Stamp[], values: readonly (Uint8Array | undefined)[], asked: Asked): void {
    const moved = stamps.filter((stamp, at) => this.#take(stamp, values[at], asked))
    if (moved.length === 0) return
    const { tier } = this.engine
    for (const { node, scope, tagged } of path) {
      // It takes what is below along.
      if (moved.includes(scope)) return void tier.invalidate(node)
      // Which tags it were the store does not say.
      if (moved.includes(tagged)) tier.markAll(node)
    }
  }

  /**
   * What the store says about one stamp. One that it does not have is made anew and counts at once; a load that begins now waits
   * for the outcome before it is kept.
   *
   * @returns whether it was another one before: what was kept under it is dead
   */
  #take(stamp: Stamp, value: Uint8Array | undefined, asked: Asked): boolean {
    if (isStamp(value)) return this.stamps.adopt(stamp, value, asked)
    if (stamp.setAt > asked.tick || stamp.creation !== undefined) return false
    const moved = stamp.value !== undefined
    this.#create(stamp, asked.at)
    return moved
  }

  /** Whether memory is served though the store cannot be asked about it. */
  mayServeUnasked(): boolean {
    const now = this.now()
    return now < Math.min(this.downSince, now) + this.trustWhileDown
  }

  /** Scope and tag stamps of a path that have to be asked for. */
  unknown(path: StampPath, now: number): readonly Stamp[] {
    const { stamps } = this
    let unknown: Stamp[] | undefined
    for (const { scope, tagged } of path) {
      if (!stamps.trusts(scope, now)) (unknown ??= []).push(scope)
      if (!stamps.trusts(tagged, now)) (unknown ??= []).push(tagged)
    }
    return unknown ?? NONE
  }

  /** Makes a stamp that was found missing. Of several processes that do so one prevails, and all take its value. */
  #create(stamp: Stamp, now: number): void {
    const value = this.stamps.renew(stamp, now)
    const item = this.stampItem(stamp.key, value)
    const creation = this.guard
      .create(item)
      .then((there) => (isStamp(there) ? there : this.#overwritten(item, there)))
      .then(
        (there) => this.#created(stamp, item, there),
        () => this.#notCreated(stamp, value),
      )
    stamp.creation = creation
    this.engine.background.add(creation)
  }

  /** What stands under the key is no stamp, and would keep its scope from being cached for ever. Gives what is there then. */
  async #overwritten(item: StoreItem, there: Uint8Array): Promise<Uint8Array> {
    return (await this.guard.replace(item, there)) ? item.value : there
  }

  #created(stamp: Stamp, { value, ttl }: StoreItem, there: Uint8Array): boolean {
    const ours = sameBytes(there, value)
    if (stamp.value !== value) return ours
    stamp.creation = undefined
    if (ours) stamp.armedUntil = this.now() + ttl
    else if (isStamp(there)) this.stamps.hold(stamp, Uint8Array.from(there), this.now())
    else this.#notCreated(stamp, value)
    return ours
  }

  #notCreated(stamp: Stamp, value: Uint8Array): boolean {
    if (stamp.value === value) {
      stamp.creation = stamp.value = undefined
      stamp.setAt = ++this.stamps.tick
    }
    return false
  }

  /** Sees to it that the stamps outlive what is stamped with them: as compare-and-set, so that no newer one is undone. */
  arm(stamps: readonly Stamp[], life: number): void {
    this.#longestLife = Math.max(this.#longestLife, life)
    const now = this.now()
    for (const stamp of stamps) {
      const { value } = stamp
      if (value === undefined || stamp.armedUntil >= now + life || this.stamps.pending.has(stamp.key)) continue
      const item = this.stampItem(stamp.key, value)
      stamp.armedUntil = now + item.ttl
      this.engine.background.add(
        this.guard.replace(item, value).catch(() => {
          stamp.armedUntil = 0
        }),
      )
    }
  }

  /** An alarm: a value came that belongs to another key. Who can read it was never told. */
  mismatch(): void {
    this.counters.mismatches++
    this.engine.signals.emit('store', { kind: 'mismatch' })
    this.engine.signals.log.warn('the store delivered a value of another key: its connection is not trusted any more')
    this.guard.suspect()
  }

  /** Takes away what stands under a key and is of no use to anybody, if it still does (rule R-28). What stands there then. */
  discard(identity: string, seen: Uint8Array): Uint8Array {
    const tombstone = this.tombstone(identity)
    const discarded = this.guard.replace(tombstone, seen)
    this.engine.background.add(discarded.catch((error: unknown) => this.failed(error)))
    return tombstone.value.slice(0, ID_BYTES)
  }

  /** Tells of something that no caller is told of. */
  failed(error: unknown): void {
    if (!(error instanceof CacheError)) this.engine.signals.log.debug('the store failed', {})
  }
}
