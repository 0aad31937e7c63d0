import type { MemoryTier } from '../memory/memory-tier.js'
import type { ScopeNode } from '../memory/scope-node.js'
import type { Tag } from '../memory/tag-marks.js'
import { encodePart } from '../key-text.js'
import type { Space } from '../memory/space.js'
import { scopeText, stampText } from '../path-text.js'
import { ID_BYTES } from './envelope.js'
import { randomId } from './random-id.js'

/** Tags of one scope whose stamps are held; the oldest leave. */
const MOST_TAGS = 256

/** One stamp, as far as this process knows it: opaque, random, and another one after each invalidation. */
export class Stamp {
  value: Uint8Array | undefined = undefined
  /** {@link Stamps.tick} when {@link value} became what it is. */
  setAt = 0
  /** When it was last compared with the store, in milliseconds of the tier's time, and in which epoch of trust. */
  comparedAt = -Infinity
  epoch = -1
  /** The store forgets it then, at the earliest, as far as is known. */
  armedUntil = 0
  /** Being made where there was none: whether this process's value is the one that came to stay. */
  creation: Promise<boolean> | undefined = undefined

  constructor(readonly key: string) {}
}

/** The stamps of one scope: of all that is in it and below, of everything tagged, and of single tags. */
export class ScopeStamps {
  /** From the root down to here. */
  readonly path: StampPath
  readonly scope: Stamp
  readonly tagged: Stamp
  readonly #tags = new Map<string, Stamp>()

  constructor(
    readonly node: ScopeNode,
    /** The scope as text. */
    readonly text: string,
    above: StampPath,
  ) {
    this.path = [...above, this]
    this.scope = new Stamp(stampText(text, 'scope'))
    this.tagged = new Stamp(stampText(text, 'tags'))
  }

  /** The stamp of one tag in this scope. */
  tag(name: string): Stamp {
    let stamp = this.#tags.get(name)
    if (stamp === undefined) {
      this.#tags.set(name, (stamp = new Stamp(stampText(this.text, name))))
      if (this.#tags.size > MOST_TAGS) this.#tags.delete(this.#tags.keys().next().value as string)
    }
    return stamp
  }
}

/** The stamps on a scope's path, from the root down. */
export type StampPath = readonly ScopeStamps[]

/** The stamps that a load began with; what it brings counts only as long as they are current. */
export interface CapturedStamps {
  readonly path: StampPath
  /** Scope stamp and tag stamp of each scope, from the root down. */
  readonly values: readonly Uint8Array[]
  /** {@link Stamps.tick} of that moment. */
  readonly tick: number
  /** Stamps that were being made at that moment. */
  readonly creations: readonly Promise<boolean>[]
}

/** When something was asked for: what became known later counts more than the reply. */
export interface Asked {
  /** In milliseconds of the tier's time. */
  readonly at: number
  readonly tick: number
  readonly epoch: number
  /** The memory tier's tag sequence. */
  readonly sequence: number
}

/** What this process knows about stamps: they hang on the scopes in memory and leave with them. */
export class Stamps {
  /** Counts changes, so that what a slow reply says can be told from what became known since it was asked for. */
  tick = 0
  /** Stamps that invalidations of this process set and the store does not have yet, by key: they count, whatever it says. */
  readonly pending = new Map<string, Uint8Array>()
  /** How long a stamp counts without being compared, in milliseconds. */
  trustedFor = 0
  /** Grows with each loss of trust. */
  epoch = 0

  /** The stamps of a scope that is in memory. */
  of(node: ScopeNode): ScopeStamps {
    return (node.stamps as ScopeStamps | undefined) ?? this.#attach(node)
  }

  #attach(node: ScopeNode): ScopeStamps {
    const above = node.above === undefined ? [] : this.of(node.above).path
    const made = new ScopeStamps(node, scopeText(node.level, node.ids()), above)
    node.stamps = made
    return made
  }

  /** The stamp as it is for this process now. */
  current({ key, value }: Stamp): Uint8Array | undefined {
    return this.pending.size === 0 ? value : (this.pending.get(key) ?? value)
  }

  /** Whether a stamp counts without asking the store. */
  trusts(stamp: Stamp, now: number): boolean {
    if (this.pending.size > 0 && this.pending.has(stamp.key)) return true
    return stamp.epoch === this.epoch && now < stamp.comparedAt + this.trustedFor && stamp.value !== undefined
  }

  /** From now on every stamp has to be compared before it counts; none is forgotten. */
  distrust(): void {
    this.epoch++
  }

  /** A stamp that became known otherwise than by asking for it: by a message, or because this process set it. */
  hold(stamp: Stamp, value: Uint8Array, now: number): void {
    stamp.value = value
    stamp.setAt = ++this.tick
    stamp.comparedAt = now
    stamp.epoch = this.epoch
    stamp.creation = undefined
  }

  /**
   * What a reply says about a stamp. What became known since it was asked for counts more.
   *
   * @returns whether it was another one before: then what was kept under it is dead
   */
  adopt(stamp: Stamp, value: Uint8Array, asked: Asked): boolean {
    if (stamp.setAt > asked.tick) return false
    const known = stamp.value
    const moved = known !== undefined && !sameBytes(known, value)
    if (known === undefined || moved) this.hold(stamp, Uint8Array.from(value), asked.at)
    stamp.comparedAt = asked.at
    stamp.epoch = asked.epoch
    return moved
  }

  /** A stamp that the store does not have: a fresh random one, never what it was before (rule R-29). */
  renew(stamp: Stamp, now: number): Uint8Array {
    const value = randomId()
    this.hold(stamp, value, now)
    return value
  }

  /** The stamps as they are now, for a load that begins now; `undefined` where one is not known. */
  capture(path: StampPath): CapturedStamps | undefined {
    const values: Uint8Array[] = []
    const creations: Promise<boolean>[] = []
    for (const { scope, tagged } of path) {
      for (const stamp of [scope, tagged]) {
        const value = this.current(stamp)
        if (value === undefined) return undefined
        values.push(value)
        if (stamp.creation !== undefined) creations.push(stamp.creation)
      }
    }
    return { path, values, creations, tick: this.tick }
  }
}

/** Whether a reply is a stamp at all. */
export function isStamp(value: Uint8Array | undefined): value is Uint8Array {
  return value?.length === ID_BYTES
}

/** A tag as text; an application's own and a namespace never share one. */
export function tagText(tag: Tag): string {
  return typeof tag === 'string' ? `tag=${encodePart(tag)}` : `namespace=${encodePart((tag as Space).name)}`
}

/** The tag that a text stands for; `undefined` for a namespace that this process does not know: nothing in it carries that. */
export function tagOfText(tier: MemoryTier, text: string): Tag | undefined {
  const name = decodeURIComponent(text.slice(text.indexOf('=') + 1))
  return text.startsWith('tag=') ? name : tier.spaceNamed(name)
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
