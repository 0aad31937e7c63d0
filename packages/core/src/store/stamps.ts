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
  /** {@link Stamps.tick} when {@link value} became known to be what it is: replies to earlier questions count less. */
  setAt = 0
  /** {@link Stamps.tick} since when it counts: loads that began earlier are stamped with another one. */
  since = 0
  /** When it was last compared with the store, in milliseconds of the tier's time, and in which epoch of trust. */
  comparedAt = -Infinity
  epoch = -1
  /** The store forgets it then, at the earliest, as far as is known. */
  armedUntil = 0
  /** Being made where there was none: whether this process's value is the one that came to stay. */
  creation: Promise<boolean> | undefined = undefined

  constructor(readonly key: string) {}
}

/** A stamp that an invalidation of this process set, and since when. */
interface PendingStamp {
  readonly value: Uint8Array
  /** {@link Stamps.tick} of that moment. */
  readonly since: number
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

/** The stamps that a load began with: those that became what they are before that moment. */
export class CapturedStamps {
  constructor(
    readonly path: StampPath,
    /** {@link Stamps.tick} of that moment. */
    readonly tick: number,
  ) {}
}

/** When something was asked for: what became known later counts more than the reply. */
export class Asked {
  constructor(
    /** In milliseconds of the tier's time. */
    readonly at: number,
    readonly tick: number,
    readonly epoch: number,
    /** The memory tier's tag sequence. */
    readonly sequence: number,
  ) {}
}

/** What this process knows about stamps: they hang on the scopes in memory and leave with them. */
export class Stamps {
  /** Counts changes, so that what a slow reply says can be told from what became known since it was asked for. */
  tick = 0
  /** Stamps that invalidations of this process set and the store does not have yet, by key: they count, whatever it says. */
  readonly pending = new Map<string, PendingStamp>()
  /** How long a stamp counts without being compared, in milliseconds; entries count as long as the oldest of their stamps. */
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
    return this.pending.size === 0 ? value : (this.pending.get(key)?.value ?? value)
  }

  /** Whether a stamp counts without asking the store. */
  trusts(stamp: Stamp, now: number): boolean {
    if (this.pending.size > 0 && this.pending.has(stamp.key)) return true
    return stamp.epoch === this.epoch && now < stamp.comparedAt + this.trustedFor && stamp.value !== undefined
  }

  /** Since when all of these stamps are known to be what they are, for a look-up at `now`. */
  comparedAt(path: StampPath, now: number): number {
    let since = now
    for (const { scope, tagged } of path) {
      for (const stamp of [scope, tagged]) {
        if (stamp.comparedAt < since && !this.pending.has(stamp.key)) since = stamp.comparedAt
      }
    }
    return since
  }

  /** From now on every stamp has to be compared before it counts; none is forgotten. */
  distrust(): void {
    this.epoch++
    for (const key of this.pending.keys()) this.spoil(key)
  }

  /** From now on this stamp counts in this process, whatever the store says, until it is {@link confirm}ed. */
  propose(key: string, value: Uint8Array): void {
    this.pending.set(key, { value, since: ++this.tick })
  }

  /** Another process may have set a pending stamp, too, and later: what was stamped with it is dead. */
  spoil(key: string): void {
    if (this.pending.has(key)) this.propose(key, randomId())
  }

  /**
   * The store has a stamp that was pending. Whether it has it still is asked with the next look-up: another process may have been
   * later. Where it was spoilt, or something else became known since {@link Stamps.tick} was `sent`, only the store knows.
   */
  confirm(stamp: Stamp, value: Uint8Array, sent: number): void {
    const proposed = this.pending.get(stamp.key)
    const known = proposed?.value === value && stamp.setAt <= sent ? proposed : undefined
    this.hold(stamp, known?.value, -Infinity)
    if (known !== undefined) stamp.since = known.since
  }

  /** A stamp that became known otherwise than by asking for it: by a message, or because this process made it. */
  hold(stamp: Stamp, value: Uint8Array | undefined, comparedAt: number): void {
    stamp.value = value
    stamp.since = stamp.setAt = ++this.tick
    stamp.comparedAt = comparedAt
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

  /** The stamps of a path as they are now, for a load that begins now. */
  capture(path: StampPath): CapturedStamps {
    return new CapturedStamps(path, this.tick)
  }

  /** A stamp as it was at a moment; `undefined` where it is another one since, or was not known then. */
  at(stamp: Stamp, tick: number): Uint8Array | undefined {
    const { value, since } = this.pending.get(stamp.key) ?? stamp
    return since <= tick ? value : undefined
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
