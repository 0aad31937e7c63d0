import type { MapKey } from '../key-text.js'
import { Place } from '../memory/place.js'
import type { ScopeNode } from '../memory/scope-node.js'
import type { Tag } from '../memory/tag-marks.js'
import { shownScopeText, stampText } from '../path-text.js'
import { decodeAnnouncement, encodeAnnouncement, findNode, type Announcement, type Received } from './announcement.js'
import { randomId } from './random-id.js'
import { tagOfText, type Stamp } from './stamps.js'
import type { StoreLink } from './store-link.js'

/** After a message, when further ones follow that only say how many there were, in milliseconds: the last may be missed. */
const BEATS = [500, 1500, 4000]
/** Senders whose numbers are remembered; the one not heard of for longest leaves. */
const MOST_SENDERS = 1000

/** Who hears of what other processes tell. */
export interface AnnouncementListener {
  /** The key was written or deleted elsewhere: what is being read of it may be older. */
  changed(place: Place, key: MapKey): void
  /** A load of another process landed in the store. */
  landed(place: Place, key: MapKey): void
  /** From now on messages come; before, some may have been missed. */
  up(): void
  /** Messages may be missed from now on. */
  down(): void
  /** A message was missed. */
  gap(): void
}

type Told<K extends Announcement['kind']> = Extract<Announcement, { kind: K }>

/**
 * What processes tell each other over the store's bus. Each numbers its messages: a number that is left out is a message that
 * was missed.
 */
export class Announcer {
  readonly #link: StoreLink
  readonly #listener: AnnouncementListener
  #origin: string | undefined
  #number = 0
  readonly #heard = new Map<string, number>()
  #beat = 0
  #cancelBeat: (() => void) | undefined

  constructor(link: StoreLink, listener: AnnouncementListener) {
    this.#link = link
    this.#listener = listener
  }

  /** Begins to listen, where the store has a bus. */
  start(): void {
    this.#link.guard.store.bus?.listen({
      message: (message) => this.#receive(message),
      up: () => {
        // Who sent what meanwhile is not known.
        this.#heard.clear()
        this.#listener.up()
      },
      down: () => this.#listener.down(),
    })
  }

  stop(): void {
    this.#cancelBeat?.()
    this.#beat = BEATS.length
  }

  /** The announcement as a message to send along with a write; `undefined` where there is no bus. */
  message(announcement: Announcement): Uint8Array | undefined {
    if (this.#link.guard.store.bus === undefined) return undefined
    if (announcement.kind !== 'beat') {
      this.#number++
      this.#beatAgain()
    }
    return encodeAnnouncement({ origin: this.#name, number: this.#number, announcement })
  }

  /** Sends an announcement by itself. */
  announce(announcement: Announcement): void {
    const message = this.message(announcement)
    if (message === undefined) return
    this.#link.engine.background.add(this.#link.guard.publish(message).catch((error) => this.#link.failed(error)))
  }

  /** The node of what an announcement is about, if this process has anything of it. */
  nodeOf(announcement: Announcement): ScopeNode | undefined {
    return announcement.kind === 'beat' ? undefined : findNode(this.#link.engine.tier, announcement.address)
  }

  /** Drawn when it is first needed: making a cache draws no random number. */
  get #name(): string {
    return (this.#origin ??= Array.from(randomId(), (byte) => byte.toString(16).padStart(2, '0')).join(''))
  }

  #beatAgain(): void {
    // The first is planned already, and tells of this message, too.
    if (this.#beat === 1) return
    this.#beat = 0
    this.#cancelBeat?.()
    this.#planBeat()
  }

  #planBeat(): void {
    const delay = BEATS[this.#beat++]
    if (delay === undefined) return
    this.#cancelBeat = this.#link.engine.clock.after(delay, () => {
      this.announce({ kind: 'beat' })
      this.#planBeat()
    })
  }

  #receive(message: Uint8Array): void {
    const received = decodeAnnouncement(message)
    if (received === undefined || received.origin === this.#origin) return
    if (this.#missed(received)) this.#listener.gap()
    try {
      this.#act(received.announcement)
    } catch {
      // It is about a scope or a tag that cannot be: no process of ours sent that.
      this.#listener.gap()
    }
  }

  #act(announcement: Announcement): void {
    switch (announcement.kind) {
      case 'scope':
        return this.#scope(announcement)
      case 'tags':
        return this.#tags(announcement)
      case 'set':
      case 'delete':
      case 'landed':
        return this.#key(announcement)
      default:
    }
  }

  /** Whether messages of this sender came before that this process did not hear. */
  #missed({ origin, number, announcement }: Received): boolean {
    const last = this.#heard.get(origin)
    this.#heard.delete(origin)
    this.#heard.set(origin, Math.max(number, last ?? 0))
    if (this.#heard.size > MOST_SENDERS) this.#heard.delete(this.#heard.keys().next().value as string)
    const expected = announcement.kind === 'beat' ? number : number - 1
    // Of one that is heard for the first time, what came before may have been missed, too.
    return (last ?? 0) < expected
  }

  #scope(told: Told<'scope'>): void {
    this.#link.stamps.spoil(stampText(shownScopeText(told.address), 'scope'))
    const node = this.nodeOf(told)
    if (node !== undefined) this.#link.engine.tier.invalidate(node)
  }

  #tags(told: Told<'tags'>): void {
    const { tier } = this.#link.engine
    for (const name of ['tags', ...told.names]) {
      this.#link.stamps.spoil(stampText(shownScopeText(told.address), name))
    }
    const node = this.nodeOf(told)
    if (node === undefined) return
    const tags = told.names.map((name) => tagOfText(tier, name)).filter((tag): tag is Tag => tag !== undefined)
    tier.mark(node, tags)
    const stamps = this.#link.stamps.of(node)
    const held: readonly Stamp[] = [stamps.tagged, ...told.names.map((name) => stamps.tag(name))]
    // Messages of several processes do not come in the order of their writes: the next look-up asks which was the last.
    for (const [at, stamp] of held.entries()) this.#link.stamps.hold(stamp, told.stamps[at], -Infinity)
  }

  #key(told: Told<'set' | 'delete' | 'landed'>): void {
    const { tier } = this.#link.engine
    const node = this.nodeOf(told)
    const space = tier.spaceNamed(told.namespace)
    if (node === undefined || space === undefined) return
    const place = new Place(tier, space, node.level, node)
    if (told.kind === 'landed') return this.#listener.landed(place, told.key)
    this.#listener.changed(place, told.key)
    place.forget(told.key)
  }
}
