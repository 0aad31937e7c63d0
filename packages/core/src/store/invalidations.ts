import type { Place } from '../memory/place.js'
import type { Tag } from '../memory/tag-marks.js'
import { scopeText, stampText } from '../path-text.js'
import { randomId } from './random-id.js'
import type { Announcer } from './announcer.js'
import { addressOf, type Announcement } from './announcement.js'
import { tagText, type ScopeStamps } from './stamps.js'
import type { StoreLink } from './store-link.js'
import type { StoreItem } from './store.js'

/** How often what waits is tried again, in milliseconds; besides whenever the store is found to be back. */
const RETRY_PERIOD = 1000
/** Invalidations sent together when the store is back. */
const SLICE = 100

/** Something to be written whatever happens: the items in their order, and what other processes are told. */
interface Order {
  readonly items: readonly StoreItem[]
  readonly announcement: Announcement
}

/**
 * Invalidations and deletes on their way into the store. One that the store did not take waits in a bounded queue, the last for
 * each scope, and counts in this process all the same: until the store has it, its stamps are pending (rule R-30).
 */
export class Invalidations {
  readonly #link: StoreLink
  readonly #announcer: Announcer
  /** By the key of what is written first. */
  readonly #queue = new Map<string, Order>()
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
  scope(place: Place): Promise<boolean> {
    const { level, ids } = place
    const key = stampText(scopeText(level, ids), 'scope')
    const items = [this.#link.stampItem(key, randomId())]
    return this.#apply({ items, announcement: { kind: 'scope', address: addressOf(level, ids) } })
  }

  /** New stamps for tags in a scope; the stamp of all its tags first, so that who sees a tag's new one sees that, too. */
  tags(place: Place, tags: readonly Tag[]): Promise<boolean> {
    const { level, ids } = place
    const text = scopeText(level, ids)
    const names = tags.map(tagText)
    const items = ['tags', ...names].map((name) => this.#link.stampItem(stampText(text, name), randomId()))
    const stamps = items.map(({ value }) => value)
    return this.#apply({ items, announcement: { kind: 'tags', address: addressOf(level, ids), names, stamps } })
  }

  /** The mark of a deleted key. Whether the store has it. */
  tombstone(item: StoreItem, announcement: Announcement): Promise<boolean> {
    return this.#apply({ items: [item], announcement })
  }

  /** The key was written anew: the mark of its delete would only undo that. */
  withdraw(identity: string): void {
    if (this.#queue.delete(identity)) this.#link.stamps.pending.delete(identity)
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

  async #apply(order: Order): Promise<boolean> {
    const { pending } = this.#link.stamps
    for (const { key, value } of order.items) pending.set(key, value)
    if (await this.#send(order)) return true
    this.#enqueue(order)
    return false
  }

  async #send({ items, announcement }: Order): Promise<boolean> {
    try {
      await this.#link.guard.set(items, this.#announcer.message(announcement))
    } catch (error) {
      this.#link.failed(error)
      return false
    }
    this.#hold(items, announcement)
    return true
  }

  /** The store has it: what this process knows about these stamps is what was just written. */
  #hold(items: readonly StoreItem[], announcement: Announcement): void {
    const { stamps } = this.#link
    const node = this.#announcer.nodeOf(announcement)
    const now = this.#link.now()
    for (const { key, value, ttl } of items) {
      // A later one of the same scope is on its way: that counts.
      if (stamps.pending.get(key) !== value) continue
      const stamp = node && stampOf(stamps.of(node), key)
      if (stamp !== undefined) {
        stamps.hold(stamp, value, now)
        stamp.armedUntil = now + ttl
      }
      stamps.pending.delete(key)
    }
  }

  #enqueue(order: Order): void {
    const { counters, engine, settings } = this.#link
    const key = (order.items[0] as StoreItem).key
    this.#queue.delete(key)
    this.#queue.set(key, order)
    counters.queued++
    engine.signals.emit('store', { kind: 'queued' })
    if (this.#queue.size > settings.maxQueuedInvalidations) this.#collapse()
    this.#retryLater()
  }

  /** Too much to remember one by one: everything is invalidated instead. */
  #collapse(): void {
    const { forest } = this.#link.engine
    const item = this.#link.stampItem(stampText(scopeText(forest.root, []), 'scope'), randomId())
    this.#queue.clear()
    this.#link.stamps.pending.clear()
    this.#link.stamps.pending.set(item.key, item.value)
    this.#queue.set(item.key, { items: [item], announcement: { kind: 'scope', address: [] } })
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
