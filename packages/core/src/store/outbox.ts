import type { Entry, Lifetimes } from '../memory/entry.js'
import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import type { Flight } from '../flight.js'
import type { Outgoing } from '../remote.js'
import { encodeEnvelope } from './envelope-writer.js'
import { joinStamps, type EnvelopeContent, type EnvelopeTag } from './envelope.js'
import { LOCAL } from './lookup.js'
import { LARGEST_PAYLOAD } from './payload-limit.js'
import { randomId } from './random-id.js'
import { tagText, type CapturedStamps, type Stamp, type StampPath } from './stamps.js'
import { TOMBSTONE_LIFE, type StoreLink } from './store-link.js'
import type { StoreItem } from './store.js'

/** A store keeps a value this much longer than it may be served: clocks differ. */
const SLACK = 1000
/** A load that took longer than this is not written over nothing: the mark of a delete may be gone by then. */
const LONGEST_LOAD = TOMBSTONE_LIFE / 2

/** A value as bytes, with the name of the codec that made them. */
interface Encoded {
  readonly codec: string
  readonly bytes: Uint8Array
}

/** What a value is stamped with: scope and tag stamp of each scope, and those of its own tags. */
interface EntryStamps {
  readonly scopes: Uint8Array
  readonly tags: readonly EnvelopeTag[]
}

/**
 * Values on their way into the store: in the background, a bounded number at once, and for one key in their order. A value that
 * cannot be written is dropped: that is a miss later on.
 */
export class Outbox {
  readonly #link: StoreLink
  /** Writes under way by identity: whoever looks the key up waits for them. */
  readonly #writing = new Map<string, Promise<unknown>>()
  #pending = 0

  constructor(link: StoreLink) {
    this.#link = link
  }

  /** The write under way for an entry, if any; never rejects. */
  writing(identity: string): Promise<unknown> | undefined {
    return this.#writing.size === 0 ? undefined : this.#writing.get(identity)
  }

  /** Writes what a load brought, unless something came between its look-up and now. */
  keep(place: Place, flight: Flight, outgoing: Outgoing): void {
    const { sight, key } = flight
    const captured = sight?.stamps as CapturedStamps | undefined
    if (captured === undefined || sight === undefined || this.#isFull) return this.#dropped()
    const seen = sight.writeId
    if (seen === undefined && this.#link.now() - sight.began > LONGEST_LOAD) return this.#dropped()
    const entry = mine(place, key, outgoing)
    const encoded = this.#encode(outgoing.value, entry)
    if (encoded === undefined) return
    const identity = this.#link.identity(place, key)
    void this.#enqueue(identity, async () => {
      const stamps = await this.#stampsAt(captured, outgoing)
      if (stamps !== undefined) {
        const item = await this.#item(identity, encoded, outgoing, stamps, captured.path, entry)
        if (await this.#link.guard.replace(item, seen)) return true
      }
      // Something newer is there, or the stamps have moved: what this process holds is no better.
      if (entry !== undefined && mine(place, key, outgoing) === entry) this.#link.engine.tier.remove(entry)
      return false
    })
  }

  /**
   * Writes a value over whatever is there. Whether the store has it.
   *
   * @param message called when it is sent: messages are numbered in that order
   */
  async write(place: Place, key: MapKey, outgoing: Outgoing, message: () => Uint8Array | undefined): Promise<boolean> {
    if (this.#isFull) {
      this.#dropped()
      return false
    }
    const { tier } = this.#link.engine
    const leaf = place.obtain()
    const born = tier.sequence
    const entry = mine(place, key, outgoing)
    const encoded = this.#encode(outgoing.value, entry)
    const identity = this.#link.identity(place, key)
    leaf.lookups++
    try {
      return await this.#enqueue(identity, async () => {
        // What is there is older than what no codec takes.
        if (encoded === undefined) {
          await this.#link.guard.set([this.#link.tombstone(identity)], message())
          return true
        }
        const path = this.#link.stamps.of(leaf.node).path
        const stamps = await this.#stampsNow(path, outgoing)
        const item = await this.#item(identity, encoded, outgoing, stamps, path, entry)
        // Invalidated while it waited: it is stamped with what came after it.
        const dead = !leaf.node.isBelow(tier.root) || tier.marked(leaf.node, outgoing.tags, born)
        await this.#link.guard.set([dead ? this.#link.tombstone(identity) : item], message())
        return true
      })
    } finally {
      leaf.lookups--
      if (leaf.empty) tier.prune(leaf)
    }
  }

  /** Whether as much is under way as may be: what comes now is dropped, before it costs anything. */
  get #isFull(): boolean {
    return this.#pending >= this.#link.settings.maxPendingWrites
  }

  /** Runs a write after those of the same key that are under way. Whether it was done. */
  async #enqueue(identity: string, work: () => Promise<boolean>): Promise<boolean> {
    const { counters, engine } = this.#link
    this.#pending++
    const before = this.#writing.get(identity)
    const done = (async () => {
      await before
      try {
        if (await work()) {
          counters.writes++
          return true
        }
      } catch (error) {
        this.#link.failed(error)
      }
      this.#dropped()
      return false
    })()
    this.#writing.set(identity, done)
    engine.background.add(done)
    const written = await done
    this.#pending--
    if (this.#writing.get(identity) === done) this.#writing.delete(identity)
    return written
  }

  /** The value as it is now: whoever changes it later changes nothing that is stored (rule R-14). */
  #encode(value: unknown, entry: Entry | undefined): Encoded | undefined {
    const { engine, settings, counters } = this.#link
    for (const codec of [...engine.codecs, settings.codec]) {
      const bytes = encoded(() => codec.encode(value))
      if (bytes !== undefined) return { codec: codec.name, bytes }
    }
    counters.unencodable++
    engine.signals.emit('store', { kind: 'unencodable' })
    const type = (value as { constructor?: { name?: string } } | null | undefined)?.constructor?.name
    engine.signals.log.once(`unencodable ${type}`, 'a value stays in this process: no codec takes it', { type })
    if (entry !== undefined) entry.writeId = LOCAL
    return undefined
  }

  async #item(
    identity: string,
    { codec, bytes }: Encoded,
    { lifetimes }: Outgoing,
    stamps: EntryStamps,
    path: StampPath,
    entry: Entry | undefined,
  ): Promise<StoreItem> {
    const { engine, settings } = this.#link
    const packing = settings.compression.pack(bytes)
    const packed = packing instanceof Promise ? await packing : packing
    const times = timesOf(lifetimes, this.#link.now())
    const content: EnvelopeContent = {
      kind: 'value',
      createdAt: engine.clock.wall(),
      ...times,
      stamps: stamps.scopes,
      tags: stamps.tags,
      codec,
      ...packed,
    }
    const writeId = randomId()
    if (entry !== undefined) entry.writeId = writeId
    const life = Math.ceil(Math.max(times.freshFor, times.staleFor, times.errorFor, 0)) + SLACK
    this.#link.arm(armed(path, stamps.tags), life)
    return { key: identity, value: encodeEnvelope({ writeId, identity, content }, settings.sealing), ttl: life }
  }

  /** The stamps as they were when a load began; `undefined` where that cannot be said any more. */
  async #stampsAt({ path, tick }: CapturedStamps, { tags }: Outgoing): Promise<EntryStamps | undefined> {
    const names = tags.map(tagText)
    const scopes = path.map(({ scope }) => scope)
    const tagged = path.map((stamps) => stamps.tagged)
    await creationsOf([...scopes, ...tagged])
    const ofTags = path.flatMap((stamps) => names.map((name) => stamps.tag(name)))
    const unknown = ofTags.filter((stamp) => this.#link.stamps.at(stamp, tick) === undefined)
    // What was not held then is what it is now, provided that no tag at all was invalidated in between.
    const checked = unknown.length > 0 ? await this.#noneInvalidated(path, unknown, tick) : tick
    if (checked === undefined) return undefined
    return this.#row(path, names, (stamp) => {
      const then = this.#link.stamps.at(stamp, unknown.includes(stamp) ? checked : tick)
      // Some other tag was invalidated meanwhile: a stamp that is nobody's makes readers compare each tag.
      return then ?? (tagged.includes(stamp) ? randomId() : undefined)
    })
  }

  /** Reads the tags' stamps, and then whether the tag stamps are still those of the beginning: in this order it tells. */
  async #noneInvalidated(path: StampPath, unknown: readonly Stamp[], tick: number): Promise<number | undefined> {
    await this.#link.comparePath(path, unknown)
    if ((await creationsOf(unknown)).includes(false)) return undefined
    const tagged = path.map((stamps) => stamps.tagged)
    await this.#link.comparePath(path, tagged)
    const same = tagged.every((stamp) => this.#link.stamps.at(stamp, tick) !== undefined)
    // Of this very moment: what is invalidated before the caller goes on must not be stamped as if it were not.
    return same ? this.#link.stamps.tick : undefined
  }

  /** The stamps as they are now. */
  async #stampsNow(path: StampPath, { tags }: Outgoing): Promise<EntryStamps> {
    const { stamps } = this.#link
    const names = tags.map(tagText)
    const now = this.#link.now()
    const ofTags = path.flatMap((scope) => names.map((name) => scope.tag(name)))
    const doubtful = ofTags.filter((stamp) => !stamps.trusts(stamp, now))
    await this.#link.comparePath(path, [...this.#link.unknown(path, now), ...doubtful])
    await creationsOf([...path.flatMap(({ scope, tagged }) => [scope, tagged]), ...ofTags])
    const row = this.#row(path, names, (stamp) => stamps.current(stamp))
    if (row === undefined) throw new Error('the stamps could not be made')
    return row
  }

  #row(
    path: StampPath,
    names: readonly string[],
    valueOf: (stamp: Stamp) => Uint8Array | undefined,
  ): EntryStamps | undefined {
    const scopes = path.flatMap(({ scope, tagged }) => [scope, tagged]).map(valueOf)
    const tags = names.map((name) => path.map((scope) => valueOf(scope.tag(name))))
    if ([scopes, ...tags].some((row) => row.includes(undefined))) return undefined
    return {
      scopes: joinStamps(scopes as Uint8Array[]),
      tags: names.map((name, at) => ({ name, stamps: joinStamps(tags[at] as Uint8Array[]) })),
    }
  }

  #dropped(): void {
    this.#link.counters.dropped++
    this.#link.engine.signals.emit('store', { kind: 'dropped' })
  }
}

/** What a codec makes of a value; nothing where it throws, or makes more than a reader would take (rule R-28). */
function encoded(encode: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    const bytes = encode()
    return bytes !== undefined && bytes.length <= LARGEST_PAYLOAD ? bytes : undefined
  } catch {
    return undefined
  }
}

/** The entry in memory, if it holds just this value. */
function mine(place: Place, key: MapKey, { value }: Outgoing): Entry | undefined {
  const entry = place.leaf?.entries.get(key)
  return entry !== undefined && Object.is(entry.value, value) ? entry : undefined
}

/** How the making of stamps ended, of those that are being made. */
function creationsOf(stamps: readonly Stamp[]): Promise<readonly boolean[]> {
  return Promise.all(stamps.flatMap(({ creation }) => creation ?? []))
}

function timesOf({ aheadFrom, freshUntil, staleUntil, errorUntil }: Lifetimes, now: number) {
  return {
    aheadFor: Math.max(0, aheadFrom - now),
    freshFor: Math.max(0, freshUntil - now),
    staleFor: Math.max(0, staleUntil - now),
    errorFor: Math.max(0, errorUntil - now),
  }
}

function armed(path: StampPath, tags: readonly EnvelopeTag[]): Stamp[] {
  return path.flatMap((scope) => [scope.scope, scope.tagged, ...tags.map(({ name }) => scope.tag(name))])
}
