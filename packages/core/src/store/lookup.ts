import type { MapKey } from '../key-text.js'
import { NO_TAGS, type Entry } from '../memory/entry.js'
import type { Leaf } from '../memory/leaf.js'
import type { Place } from '../memory/place.js'
import type { Tag } from '../memory/tag-marks.js'
import type { Sight } from '../remote.js'
import { keptValue } from '../values.js'
import { unpack } from './compression.js'
import { Operation } from './deadlines.js'
import { decodeEnvelope } from './envelope-reader.js'
import { ID_BYTES, isStampAt, type EnvelopeRefusal, type OpenedEnvelope } from './envelope.js'
import { sameBytes, tagOfText, type Asked, type Stamp, type StampPath } from './stamps.js'
import { ageOf, Promoted, RemainingLife, type ValueContent } from './promoted.js'
import { Seen, unseen } from './seen.js'
import { TOMBSTONE_LIFE, type StoreLink } from './store-link.js'

/** How often a look-up begins anew because its scope was invalidated under it. */
const ATTEMPTS = 3
const NO_STAMPS: readonly Stamp[] = []

/** An entry that only this process has, since no codec takes its value: the store's silence says nothing about it. */
export const LOCAL = new Uint8Array(0)
/** How long after it was compared such an entry can still be found good: a deleted key leaves its mark in the store longer than that. */
const LOCAL_LIFE = TOMBSTONE_LIFE - 10_000

/*
 * What every look-up makes is an instance of a class: V8 puts literals that outlived a collection once into old memory from then
 * on, where each keeps alive what it holds.
 */

/** What the store was asked, and where the answer belongs. */
class Question {
  constructor(
    readonly leaf: Leaf,
    readonly path: StampPath,
    readonly asked: Asked,
    /** Scope and tag stamps that are not known for sure. */
    readonly unknown: readonly Stamp[],
    /** The entry's own, and those of the unknown stamps. */
    readonly keys: readonly string[],
  ) {}
}

/** `undefined`: the scope was invalidated meanwhile. */
type Answer = Sight | undefined | Promise<Sight>

/**
 * One look-up in the store: the value and the stamps that are not known for sure, in one round trip; opened, judged and put
 * into memory. Never rejects. What needs no second trip and no decompression waits for nothing but the store.
 */
export class Lookup extends Operation<readonly (Uint8Array | undefined)[]> {
  /** The key was written or deleted meanwhile: what the store said may be older. */
  outdated = false
  /** The outcome, for all who ask meanwhile. */
  sight!: Promise<Sight>
  /** A delete was on its way when the store was asked: the answer may be older. */
  #deleted = false
  readonly #link: StoreLink
  readonly #place: Place
  readonly #key: MapKey
  readonly #identity: string
  #question!: Question
  #attempts = 0
  #ended!: (sight: Sight) => void

  constructor(link: StoreLink, place: Place, key: MapKey, identity: string) {
    super()
    this.#link = link
    this.#place = place
    this.#key = key
    this.#identity = identity
  }

  /** @param ended called before anybody gets to know the outcome */
  start(ended: () => void): Promise<Sight> {
    this.sight = new Promise((resolve) => {
      this.#ended = (sight) => {
        ended()
        resolve(sight)
      }
      this.#ask()
    })
    return this.sight
  }

  /** The store answered. */
  done(values: readonly (Uint8Array | undefined)[]): void {
    let answer: Answer
    try {
      answer = this.#answered(this.#question, values)
    } catch (error) {
      return this.failed(error)
    }
    if (!(answer instanceof Promise)) return this.#answer(answer)
    answer.then(
      (sight) => this.#answer(sight),
      (error: unknown) => this.failed(error),
    )
  }

  /** The store could not be asked, or not in time. */
  failed(error: unknown): void {
    this.#link.failed(error)
    this.#answer(this.#unavailable(this.#question.asked.at))
  }

  #ask(): void {
    this.#question = this.#newQuestion()
    this.#link.guard.read(this.#question.keys, this)
  }

  #answer(sight: Sight | undefined): void {
    this.#release(this.#question.leaf)
    if (sight !== undefined) this.#ended(sight)
    else if (++this.#attempts < ATTEMPTS) this.#ask()
    else this.#ended(unseen(this.#question.asked.at))
  }

  #newQuestion(): Question {
    this.#deleted = this.#isDeleted()
    const leaf = this.#place.obtain()
    leaf.lookups++
    const { path } = this.#link.stamps.of(leaf.node)
    const asked = this.#link.asking()
    const unknown = this.#link.unknown(path, asked.at)
    const keys = [this.#identity]
    for (const { key } of unknown) keys.push(key)
    return new Question(leaf, path, asked, unknown, keys)
  }

  #release(leaf: Leaf): void {
    leaf.lookups--
    if (leaf.empty) this.#link.engine.tier.prune(leaf)
  }

  #answered(question: Question, values: readonly (Uint8Array | undefined)[]): Answer {
    const { leaf, path, unknown, asked } = question
    if (values.length !== unknown.length + 1) {
      this.#link.mismatch()
      return this.#unavailable(asked.at)
    }
    const [bytes] = values
    const opened = bytes && decodeEnvelope(bytes, this.#identity, this.#link.settings.sealing)
    const isForeign = opened?.refused === 'identity'
    if (isForeign) this.#link.mismatch()
    if (!this.#inTree(leaf)) return undefined
    // The stamps that came with somebody else's value are somebody else's, too.
    if (unknown.length > 0 && !isForeign) {
      this.#link.learn(path, unknown, values.slice(1), asked)
      if (!this.#inTree(leaf)) return undefined
    }
    return this.#judge(question, bytes, opened)
  }

  #judge(
    question: Question,
    bytes: Uint8Array | undefined,
    opened: OpenedEnvelope | undefined,
  ): Sight | Promise<Sight> {
    if (bytes === undefined || opened === undefined) return this.#nothing(question, undefined)
    if (opened.refused !== undefined) {
      const there = Uint8Array.prototype.slice.call(bytes, 0, ID_BYTES)
      if (opened.refused !== 'identity') this.#refused(opened.refused)
      // Another version may still be in use; anything else only raises the same alarm with each look-up.
      return this.#nothing(question, opened.refused === 'format' ? there : this.#link.discard(this.#identity, there))
    }
    const { content, writeId } = opened
    if (content.kind === 'tombstone' || content.stamps.length !== 2 * question.path.length * ID_BYTES) {
      return this.#nothing(question, writeId)
    }
    const doubtful = this.#doubtfulTags(question, content)
    if (doubtful.length === 0) return this.#weigh(question, content, writeId)
    return this.#link.comparePath(question.path, doubtful).then(() => this.#weigh(question, content, writeId))
  }

  #weigh(question: Question, content: ValueContent, writeId: Uint8Array): Sight | Promise<Sight> {
    if (!this.#holds(question, content)) return this.#nothing(question, writeId)
    const known = this.#place.find(this.#key)
    if (known?.writeId !== undefined && sameBytes(known.writeId, writeId))
      return this.#verified(question, known, writeId)
    const payload = this.#attempt(() => unpack(content))
    if (payload instanceof Promise) return this.#weighLater(question, content, writeId, payload)
    return this.#promote(question, content, writeId, payload)
  }

  async #weighLater(question: Question, content: ValueContent, writeId: Uint8Array, payload: Promise<Uint8Array>) {
    const raw = await payload.catch(() => this.#refused('content'))
    if (!this.#holds(question, content)) return this.#nothing(question, writeId)
    return this.#promote(question, content, writeId, raw)
  }

  #refused(reason: Exclude<EnvelopeRefusal, 'identity'>): undefined {
    const { counters } = this.#link
    counters[reason === 'format' ? 'foreign' : 'corrupt']++
    this.#link.engine.signals.emit('store', { kind: reason === 'format' ? 'foreign' : 'corrupt' })
  }

  /** What `decode` gives; `undefined`, and counted, where it throws. */
  #attempt<T>(decode: () => T): T | undefined {
    try {
      return decode()
    } catch {
      this.#refused('content')
      return undefined
    }
  }

  /** Whether nothing that is known by now speaks against it. */
  #holds({ path, leaf }: Question, { stamps, tags }: ValueContent): boolean {
    if (this.outdated || !this.#inTree(leaf)) return false
    if (this.#deleted || this.#isDeleted()) return false
    for (const [level, scope] of path.entries()) {
      if (!this.#same(scope.scope, stamps, 2 * level)) return false
      if (tags.length === 0 || this.#same(scope.tagged, stamps, 2 * level + 1)) continue
      for (const tag of tags) if (!this.#same(scope.tag(tag.name), tag.stamps, level)) return false
    }
    return true
  }

  /** Whether a delete of this process is on its way. */
  #isDeleted(): boolean {
    const { pending } = this.#link.stamps
    return pending.size > 0 && pending.has(this.#identity)
  }

  #inTree(leaf: Leaf): boolean {
    return leaf.node.isBelow(this.#link.engine.tier.root)
  }

  /** Where some tag of a scope was invalidated since, only the stamps of the entry's own tags tell whether it was one of these. */
  #doubtfulTags({ path, asked }: Question, { stamps, tags }: ValueContent): readonly Stamp[] {
    if (tags.length === 0) return NO_STAMPS
    return path.flatMap((scope, level) => {
      if (this.#same(scope.tagged, stamps, 2 * level + 1)) return NO_STAMPS
      return tags.map(({ name }) => scope.tag(name)).filter((stamp) => !this.#link.stamps.trusts(stamp, asked.at))
    })
  }

  #same(stamp: Stamp, row: Uint8Array, index: number): boolean {
    const current = this.#link.stamps.current(stamp)
    return current !== undefined && isStampAt(row, index, current)
  }

  /** What memory has is what the store has. */
  #verified(question: Question, entry: Entry, writeId: Uint8Array): Sight {
    const { path, asked } = question
    this.#link.engine.tier.verify(entry, this.#link.stamps.comparedAt(path, asked.at), asked.sequence)
    return this.#sight(question, entry, writeId)
  }

  #promote(question: Question, content: ValueContent, writeId: Uint8Array, payload: Uint8Array | undefined): Sight {
    const { engine, settings } = this.#link
    const own = content.codec.startsWith('@')
      ? engine.codecs.find(({ name }) => name === content.codec)
      : settings.codec
    if (payload === undefined || own?.name !== content.codec) return this.#nothing(question, writeId)
    const age = ageOf(content, engine.clock.wall())
    if (age >= Math.max(content.freshFor, content.staleFor, content.errorFor)) return this.#nothing(question, writeId)
    let value: unknown
    try {
      value = own.decode(payload)
    } catch {
      this.#refused('content')
      return this.#nothing(question, writeId)
    }
    if (engine.values === 'freeze') value = keptValue('freeze', value)
    return this.#sight(question, this.#kept(question, content, writeId, value, age), writeId)
  }

  /** The entry in memory, or by itself where memory does not keep it. */
  #kept(
    { leaf, path, asked }: Question,
    content: ValueContent,
    writeId: Uint8Array,
    value: unknown,
    age: number,
  ): Entry {
    const { tier } = this.#link.engine
    const kept = new Promoted(
      new RemainingLife(content, tier.time.now() - age),
      this.#tags(content),
      tier.sequence,
      this.#link.stamps.comparedAt(path, asked.at),
      asked.sequence,
      writeId,
      age,
    )
    tier.store(leaf, this.#key, value, kept)
    const stored = this.#place.leaf?.entries.get(this.#key)
    return stored?.writeId === writeId ? stored : tier.entry(leaf, this.#key, value, kept)
  }

  #tags(content: ValueContent): readonly Tag[] {
    if (content.tags.length === 0) return NO_TAGS
    const { tier } = this.#link.engine
    return content.tags.map(({ name }) => tagOfText(tier, name)).filter((tag): tag is Tag => tag !== undefined)
  }

  /** The store has nothing to serve: neither has memory then, unless the store was never given it. */
  #nothing(question: Question, writeId: Uint8Array | undefined): Sight {
    const { tier } = this.#link.engine
    const known = this.outdated ? undefined : this.#place.find(this.#key)
    if (known === undefined) return this.#sight(question, undefined, writeId)
    // It landed while the store was being asked.
    if (this.#place.trusts(known)) return this.#sight(question, known, writeId)
    const comparedAt = known.trustedUntil - tier.revalidateAfter
    if (writeId === undefined && known.writeId === LOCAL && question.asked.at < comparedAt + LOCAL_LIFE) {
      return this.#verified(question, known, LOCAL)
    }
    tier.remove(known)
    return this.#sight(question, undefined, writeId)
  }

  #sight({ path, asked }: Question, entry: Entry | undefined, writeId: Uint8Array | undefined): Sight {
    this.#link.counters[entry === undefined ? 'misses' : 'hits']++
    const seen = writeId === LOCAL ? undefined : writeId
    const { stamps } = this.#link
    return new Seen(entry, stamps.capture(path), seen, asked.at, stamps.comparedAt(path, asked.at))
  }

  /** The store cannot be asked: what memory has is served as far as that is allowed, and nothing can be kept. */
  #unavailable(began: number): Sight {
    const known = this.outdated ? undefined : this.#place.find(this.#key)
    const entry = known !== undefined && this.#link.mayServeUnasked() ? known : undefined
    return new Seen(entry, undefined, undefined, began, began)
  }
}
