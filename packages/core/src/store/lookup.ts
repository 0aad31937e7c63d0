import type { MapKey } from '../key-text.js'
import { Entry, type Lifetimes } from '../memory/entry.js'
import type { Leaf } from '../memory/leaf.js'
import type { Kept } from '../memory/memory-tier.js'
import type { Place } from '../memory/place.js'
import type { Tag } from '../memory/tag-marks.js'
import type { Sight } from '../remote.js'
import { keptValue } from '../values.js'
import { unpack } from './compression.js'
import { decodeEnvelope } from './envelope-reader.js'
import { ID_BYTES, type EnvelopeContent } from './envelope.js'
import { sameBytes, tagOfText, type Asked, type Stamp, type StampPath } from './stamps.js'
import type { StoreLink } from './store-link.js'

/** How often a look-up begins anew because its scope was invalidated under it. */
const ATTEMPTS = 3
/** How far in the future a value may claim to come from: clocks differ; beyond that it counts as stale (design §4). */
const CLOCK_SKEW = 1000

type ValueContent = Extract<EnvelopeContent, { kind: 'value' }>

/** An entry that only this process has, since no codec takes its value: the store's silence says nothing about it. */
export const LOCAL = new Uint8Array(0)
/** How long past its trust such an entry can still be found good: a deleted key leaves its mark in the store longer than that. */
export const LOCAL_GRACE = 20_000

/** What was found, before it is put into memory. */
interface Found {
  readonly leaf: Leaf
  readonly path: StampPath
  readonly asked: Asked
  /** What stands under the key, whatever it is. */
  readonly bytes: Uint8Array | undefined
}

/**
 * One look-up in the store: the value and the stamps that are not known for sure, in one round trip; opened, judged and put
 * into memory. Never rejects.
 */
export class Lookup {
  /** The key was written or deleted meanwhile: what the store said may be older. */
  outdated = false
  readonly #link: StoreLink
  readonly #place: Place
  readonly #key: MapKey
  readonly #identity: string

  constructor(link: StoreLink, place: Place, key: MapKey, identity: string) {
    this.#link = link
    this.#place = place
    this.#key = key
    this.#identity = identity
  }

  async run(): Promise<Sight> {
    const { tier } = this.#link.engine
    const began = this.#link.now()
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const leaf = this.#place.obtain()
      leaf.lookups++
      try {
        const sight = await this.#once(leaf)
        if (sight !== undefined) return sight
      } catch (error) {
        this.#link.failed(error)
        return this.#unavailable(began)
      } finally {
        leaf.lookups--
        if (leaf.empty) tier.prune(leaf)
      }
    }
    return { entry: undefined, stamps: undefined, writeId: undefined, began }
  }

  /** `undefined` where the scope was invalidated meanwhile. */
  async #once(leaf: Leaf): Promise<Sight | undefined> {
    const { stamps, guard, engine } = this.#link
    const path = stamps.path(leaf.node)
    const asked = this.#link.asking()
    const unknown = this.#link.unknown(path, asked.at)
    const [bytes, ...values] = await guard.getMany([this.#identity, ...unknown.map(({ key }) => key)])
    if (!leaf.node.isBelow(engine.tier.root)) return undefined
    this.#link.learn(path, unknown, values, asked)
    if (!leaf.node.isBelow(engine.tier.root)) return undefined
    return this.#judge({ leaf, path, asked, bytes })
  }

  async #judge(found: Found): Promise<Sight | undefined> {
    const { bytes } = found
    if (bytes === undefined) return this.#nothing(found, undefined)
    const writeId = Uint8Array.prototype.slice.call(bytes, 0, ID_BYTES)
    const opened = decodeEnvelope(bytes, this.#identity, this.#link.settings.sealing)
    if (opened.refused !== undefined) {
      this.#refused(opened.refused)
      return this.#nothing(found, writeId)
    }
    const { content } = opened
    if (content.kind === 'tombstone' || !(await this.#holds(found, content))) return this.#nothing(found, writeId)
    const known = this.#place.find(this.#key)
    if (known?.writeId !== undefined && sameBytes(known.writeId, writeId)) {
      if (!this.#valid(found, content)) return this.#nothing(found, writeId)
      return this.#verified(found, known, writeId)
    }
    const value = await this.#decode(content)
    if (value === undefined || !this.#valid(found, content)) return this.#nothing(found, writeId)
    return this.#promoted(found, content, value.value, writeId)
  }

  #refused(reason: string): void {
    const { counters } = this.#link
    if (reason === 'identity') return this.#link.mismatch()
    counters[reason === 'format' ? 'foreign' : 'corrupt']++
    this.#link.engine.signals.emit('store', { kind: reason === 'format' ? 'foreign' : 'corrupt' })
  }

  /** Whether the stamps are current, those of single tags asked for where that is needed. */
  async #holds(found: Found, content: ValueContent): Promise<boolean> {
    if (content.stamps.length !== 2 * found.path.length) return false
    if (content.tags.length > 0) await this.#link.comparePath(found.path, this.#tagStampsInDoubt(found, content))
    return this.#valid(found, content)
  }

  /** Whether nothing that is known by now speaks against it. */
  #valid({ path, leaf }: Found, content: ValueContent): boolean {
    if (this.outdated || !leaf.node.isBelow(this.#link.engine.tier.root)) return false
    if (this.#link.stamps.pending.size > 0 && this.#link.stamps.pending.has(this.#identity)) return false
    return path.every(({ scope, tagged }, level) => {
      if (!this.#same(scope, content.stamps[2 * level])) return false
      if (content.tags.length === 0 || this.#same(tagged, content.stamps[2 * level + 1])) return true
      const stamps = path[level] as StampPath[number]
      return content.tags.every((tag) => this.#same(stamps.tag(tag.name), tag.stamps[level]))
    })
  }

  /** Where some tag of a scope was invalidated since, only the stamps of the entry's own tags tell whether it was one of these. */
  #tagStampsInDoubt({ path, asked }: Found, content: ValueContent): Stamp[] {
    const { stamps } = this.#link
    return path.flatMap((scope, level) => {
      if (this.#same(scope.tagged, content.stamps[2 * level + 1])) return []
      return content.tags.map(({ name }) => scope.tag(name)).filter((stamp) => !stamps.trusts(stamp, asked.at))
    })
  }

  #same(stamp: Stamp, value: Uint8Array | undefined): boolean {
    const current = this.#link.stamps.current(stamp)
    return current !== undefined && value !== undefined && sameBytes(current, value)
  }

  /** The value, in a box: it may be `undefined` itself. */
  async #decode(content: ValueContent): Promise<{ readonly value: unknown } | undefined> {
    const { engine, settings, counters } = this.#link
    const own = engine.codecs.find(({ name }) => name === content.codec)
    if (own === undefined && content.codec !== settings.codec.name) return undefined
    try {
      const raw = unpack(content)
      const bytes = raw instanceof Promise ? await raw : raw
      return {
        value: keptValue(engine.values === 'freeze' ? 'freeze' : 'share', (own ?? settings.codec).decode(bytes)),
      }
    } catch {
      counters.corrupt++
      engine.signals.emit('store', { kind: 'corrupt' })
      return undefined
    }
  }

  /** What memory has is what the store has. */
  #verified(found: Found, entry: Entry, writeId: Uint8Array): Sight {
    const { tier } = this.#link.engine
    tier.verify(entry, found.asked.at, found.asked.sequence)
    return this.#sight(found, entry, writeId)
  }

  #promoted(found: Found, content: ValueContent, value: unknown, writeId: Uint8Array): Sight {
    const { engine } = this.#link
    const { tier } = engine
    const now = this.#link.now()
    const age = ageOf(content, engine.clock.wall())
    const lifetimes = lifetimesOf(content, now - age)
    const { sequence: born } = tier
    const tags = this.#tags(content)
    const { at: verifiedAt, sequence: verified } = found.asked
    const kept: Kept = { lifetimes, tags, born, age, writeId, verifiedAt, verified }
    if (now >= Math.max(lifetimes.freshUntil, lifetimes.staleUntil, lifetimes.errorUntil)) {
      return this.#nothing(found, writeId)
    }
    tier.store(found.leaf, this.#key, value, kept)
    const stored = this.#place.find(this.#key)
    const entry =
      stored?.value === value ? stored : Object.assign(new Entry(found.leaf, this.#key, value), lifetimes, kept)
    return this.#sight(found, entry, writeId)
  }

  #tags(content: ValueContent): readonly Tag[] {
    const { tier } = this.#link.engine
    return content.tags.map(({ name }) => tagOfText(tier, name)).filter((tag): tag is Tag => tag !== undefined)
  }

  /** The store has nothing to serve: neither has memory then, unless the store was never given it. */
  #nothing(found: Found, writeId: Uint8Array | undefined): Sight {
    const { tier } = this.#link.engine
    const known = this.outdated ? undefined : this.#place.find(this.#key)
    if (known === undefined) return this.#sight(found, undefined, writeId)
    if (this.#place.trusts(known)) return this.#sight(found, undefined, writeId)
    if (writeId === undefined && known.writeId === LOCAL && found.asked.at < known.trustedUntil + LOCAL_GRACE) {
      return this.#verified(found, known, LOCAL)
    }
    tier.remove(known)
    return this.#sight(found, undefined, writeId)
  }

  #sight({ path, asked }: Found, entry: Entry | undefined, writeId: Uint8Array | undefined): Sight {
    this.#link.counters[entry === undefined ? 'misses' : 'hits']++
    const seen = writeId === LOCAL ? undefined : writeId
    return { entry, stamps: this.#link.stamps.capture(path), writeId: seen, began: asked.at }
  }

  /** The store cannot be asked: what memory has is served as far as that is allowed, and nothing can be kept. */
  #unavailable(began: number): Sight {
    const known = this.outdated ? undefined : this.#place.find(this.#key)
    const entry = known !== undefined && this.#link.mayServeUnasked() ? known : undefined
    return { entry, stamps: undefined, writeId: undefined, began }
  }
}

/** How old a value is, by the writer's clock and this one. One from the future is as old as can be. */
function ageOf({ createdAt, freshFor }: ValueContent, now: number): number {
  const age = now - createdAt
  if (age < -CLOCK_SKEW) return freshFor
  return Math.max(age, 0)
}

function lifetimesOf({ freshFor, staleFor, errorFor }: ValueContent, born: number): Lifetimes {
  return {
    aheadFrom: born + freshFor,
    freshUntil: born + freshFor,
    staleUntil: born + staleFor,
    errorUntil: born + errorFor,
  }
}
