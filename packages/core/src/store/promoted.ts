import type { Lifetimes } from '../memory/entry.js'
import type { Kept } from '../memory/memory-tier.js'
import type { Tag } from '../memory/tag-marks.js'
import type { EnvelopeContent } from './envelope.js'

/** How far in the future a value may claim to come from: clocks differ; beyond that it counts as stale (design §4). */
const CLOCK_SKEW = 1000

export type ValueContent = Extract<EnvelopeContent, { kind: 'value' }>

/** How old a value is, by the writer's clock and this one. One from the future is as old as can be. */
export function ageOf({ createdAt, freshFor }: ValueContent, now: number): number {
  const age = now - createdAt
  if (age < -CLOCK_SKEW) return freshFor
  return Math.max(age, 0)
}

/** The lifetimes of a value as this process counts them. */
export class RemainingLife implements Lifetimes {
  readonly aheadFrom: number
  readonly freshUntil: number
  readonly staleUntil: number
  readonly errorUntil: number

  /** @param born in milliseconds of the tier's time; before it began, for what is older than this process */
  constructor({ aheadFor, freshFor, staleFor, errorFor }: ValueContent, born: number) {
    this.aheadFrom = born + aheadFor
    this.freshUntil = born + freshFor
    this.staleUntil = born + staleFor
    this.errorUntil = born + errorFor
  }
}

/** How memory keeps what came from the store. Both are instances of classes, since each look-up makes them: see lookup.ts. */
export class Promoted implements Kept {
  constructor(
    readonly lifetimes: Lifetimes,
    readonly tags: readonly Tag[],
    readonly born: number,
    readonly verifiedAt: number,
    readonly verified: number,
    readonly writeId: Uint8Array,
    readonly age: number,
  ) {}
}
