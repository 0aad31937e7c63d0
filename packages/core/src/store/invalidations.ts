import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { Tag } from '../memory/tag-marks.js'
import { scopeText, stampText } from '../path-text.js'
import { randomId } from './random-id.js'
import type { Announcer } from './announcer.js'
import { addressOf, keyAnnouncement, type Address, type Announcement } from './announcement.js'
import { tagText, type ScopeStamps } from './stamps.js'
import { Lately } from './lately.js'
import type { StoreLink } from './store-link.js'
import type { StoreItem } from './store.js'

/** How often what waits is tried again, in milliseconds; besides whenever the store is found to be back. */
const RETRY_PERIOD = 1000
/** Invalidations sent together when the store is back. */
const SLICE = 100

/** What one attempt writes, in this order, and what other processes are told. */
interface Attempt {
  readonly items: readonly StoreItem[]
  readonly announcement: Announcement
}

/** Something to be written whatever happens. */
interface Order {
  /** What it is about: of those that wait about the same the last counts. One about several tags waits as one for each. */
  readonly about: readonly string[]
  /** In their order of coming. */
  readonly turn: number
  /**
   * Draws every stamp and write id anew: one that was used before, and whose acknowledgement was lost, may have been replaced
   * meanwhile; written again it would bring back what that invalidated.
   */
  draw(): Attempt
  /** The order about one of several things. */
  part(about: string): Order
}

/**
 * Invalidations and deletes on their way into the store. One that the store did not take waits in a bounded queue, the last for
 * each scope, tag or key, and counts in this process all the same: until the store has it, its stamps are pending (rule R-30).
 */
export class Invalidations {
  readonly #link: StoreLink
  readonly #announcer: Announcer
  readonly #queue = new Map<string, Order>()
  /** What the store took, by what it is about. */
  readonly #taken = new Lately<Order>()
  /** What was written last under each key that is pending. */
  readonly #sent = new Map<string, Uint8Array>()
  #turn = 0
  #flushing: Promise<void> | undefined
  #cancelRetry: (() => void) | undefined
  #closed = false

  constructor(link: StoreLink, announcer: Announcer) {
    this.#link = link
    this.#announcer = announcer
  }

  get queued(): number {
    return this.#queue.size
  }

  /** A new stamp for a scope. Whether the store has it. */
  scope({ level, ids }: Place): Promise<boolean> {
    return this.#apply(this.#scopeOrder(scopeText(level, ids), addressOf(level, ids)))
  }

  /** New stamps for tags in a scope; the stamp of all its tags first, so that who sees a tag's new one sees that, too. */
  tags({ level, ids }: Place, tags: readonly Tag[]): Promise<boolean> {
    return this.#apply(this.#tagsOrder(scopeText(level, ids), addressOf(level, ids), tags.map(tagText)))
  }

  /** The mark of a deleted key. Whether the store has it. */
  delete(place: Place, key: MapKey): Promise<boolean> {
    return this.#apply(this.#deleteOrder(place, key))
  }

  /** The same, for a key whose new value the store did not take: nobody waits for a store that has just failed. */
  deleteLater(place: Place, key: MapKey): void {
    const order = this.#deleteOrder(place, key)
    this.#draw(order)
    this.#enqueue(order)
    this.#link.engine.background.add(this.flush())
  }

  /** The key was written anew: the mark of its delete would only undo that. */
  withdraw(identity: string): void {
    this.#taken.forget(identity)
    if (!this.#queue.delete(identity)) return
    this.#link.stamps.pending.delete(identity)
    this.#sent.delete(identity)
  }

  /**
   * Sends what waits, and once more what was taken lately: a store that was gone may have come back without it, with older data
   * or as a replica that had not got it yet.
   */
  repeat(): Promise<void> {
    for (const [key, order] of this.#taken.take(this.#link.now())) {
      if (this.#queue.has(key)) continue
      this.#draw(order)
      this.#queue.set(key, order)
    }
    return this.flush()
  }

  /** Sends what waits, now that the store may be back. */
  flush(): Promise<void> {
    if (this.#queue.size === 0) return Promise.resolve()
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** Sends what waits a last time; counts what is lost. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    await this.#flushing
    await this.#flush()
    const lost = this.#queue.size
    if (lost === 0) return
    this.#link.counters.lost += lost
    this.#link.engine.signals.emit('store', { kind: 'lost' })
    this.#link.engine.signals.log.warn('invalidations were lost: the store was down when the cache was closed', {
      lost,
    })
  }

  #scopeOrder(text: string, address: Address): Order {
    const key = stampText(text, 'scope')
    const draw = () => ({ items: [this.#stamp(key)], announcement: { kind: 'scope', address } as const })
    return this.#order([key], draw)
  }

  #tagsOrder(text: string, address: Address, names: readonly string[], turn = ++this.#turn): Order {
    const draw = (): Attempt => {
      const items = ['tags', ...names].map((name) => this.#stamp(stampText(text, name)))
      return { items, announcement: { kind: 'tags', address, names, stamps: items.map(({ value }) => value) } }
    }
    const about = names.map((name) => stampText(text, name))
    const part = (key: string) => this.#tagsOrder(text, address, [names[about.indexOf(key)] as string], turn)
    return { about, turn, draw, part }
  }

  #deleteOrder(place: Place, key: MapKey): Order {
    const identity = this.#link.identity(place, key)
    const announcement = keyAnnouncement('delete', place, key)
    return this.#order([identity], () => ({ items: [this.#link.tombstone(identity)], announcement }))
  }

  #order(about: readonly string[], draw: () => Attempt): Order {
    const order: Order = { about, turn: ++this.#turn, draw, part: () => order }
    return order
  }

  #stamp(key: string): StoreItem {
    return this.#link.stampItem(key, randomId())
  }

  async #apply(order: Order): Promise<boolean> {
    if (!(await this.#send(order))) {
      this.#enqueue(order)
      return false
    }
    // What waited about the same is done, too; not what came later.
    for (const key of order.about) if ((this.#queue.get(key)?.turn ?? Infinity) < order.turn) this.#queue.delete(key)
    return true
  }

  async #send(order: Order): Promise<boolean> {
    const attempt = this.#draw(order)
    const { tick } = this.#link.stamps
    try {
      await this.#link.guard.set(attempt.items, this.#announcer.message(attempt.announcement))
    } catch (error) {
      this.#link.failed(error)
      return false
    }
    this.#confirm(attempt, tick)
    for (const key of order.about) this.#taken.remember(key, order.part(key), this.#link.now())
    return true
  }

  #draw(order: Order): Attempt {
    const attempt = order.draw()
    for (const { key, value } of attempt.items) {
      this.#link.stamps.propose(key, value)
      this.#sent.set(key, value)
    }
    return attempt
  }

  /** The store has it. */
  #confirm({ items, announcement }: Attempt, sent: number): void {
    const { stamps } = this.#link
    const node = this.#announcer.nodeOf(announcement)
    for (const { key, value, ttl } of items) {
      // A later one about the same is on its way: that counts.
      if (this.#sent.get(key) !== value) continue
      const stamp = node && stampOf(stamps.of(node), key)
      if (stamp !== undefined) {
        stamps.confirm(stamp, value, sent)
        stamp.armedUntil = this.#link.now() + ttl
      }
      stamps.pending.delete(key)
      this.#sent.delete(key)
    }
  }

  #enqueue(order: Order): void {
    const { counters, engine, settings } = this.#link
    for (const key of order.about) {
      if ((this.#queue.get(key)?.turn ?? 0) > order.turn) continue
      this.#queue.delete(key)
      this.#queue.set(key, order.part(key))
    }
    counters.queued++
    engine.signals.emit('store', { kind: 'queued' })
    if (this.#queue.size > settings.maxQueuedInvalidations) this.#collapse()
    this.#retryLater()
  }

  /** Too much to remember one by one: everything is invalidated instead. */
  #collapse(): void {
    this.#queue.clear()
    this.#sent.clear()
    this.#link.stamps.pending.clear()
    const order = this.#scopeOrder(scopeText(this.#link.engine.forest.root, []), [])
    this.#draw(order)
    this.#queue.set(order.about[0] as string, order)
  }

  #retryLater(): void {
    if (this.#cancelRetry !== undefined || this.#closed) return
    this.#cancelRetry = this.#link.engine.clock.after(RETRY_PERIOD, () => {
      this.#cancelRetry = undefined
      this.#link.engine.background.add(this.flush())
    })
  }

  async #flush(): Promise<void> {
    const waiting = [...this.#queue]
    for (let from = 0; from < waiting.length; from += SLICE) {
      const sent = await Promise.all(waiting.slice(from, from + SLICE).map(([key, order]) => this.#resend(key, order)))
      if (sent.includes(false)) break
    }
    if (this.#queue.size > 0) this.#retryLater()
  }

  async #resend(key: string, order: Order): Promise<boolean> {
    if (this.#queue.get(key) !== order) return true
    if (!(await this.#send(order))) return false
    if (this.#queue.get(key) === order) this.#queue.delete(key)
    this.#link.engine.signals.emit('store', { kind: 'replayed' })
    return true
  }
}

/** The stamp of a scope that stands under a key. */
function stampOf(stamps: ScopeStamps, key: string) {
  if (key === stamps.scope.key) return stamps.scope
  if (key === stamps.tagged.key) return stamps.tagged
  return key.startsWith(`${stamps.text}|#`) ? stamps.tag(key.slice(stamps.text.length + 2)) : undefined
}
