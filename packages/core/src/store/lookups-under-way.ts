import type { Lookup } from './lookup.js'

/** Ended ones that are remembered before they are cleared away. */
const MOST_ENDED = 4096

/**
 * Look-ups under way by identity. One that ends is marked, and all marks are cleared together: a `Map` whose entries come and go
 * makes a new table every few of them, and V8 lets what stood in the old one survive until the next full collection; at 100,000
 * look-ups a second that was a third of all time.
 */
export class LookupsUnderWay {
  #byIdentity = new Map<string, Lookup | undefined>()
  #ended = 0

  get(identity: string): Lookup | undefined {
    return this.#byIdentity.get(identity)
  }

  add(identity: string, lookup: Lookup): void {
    this.#byIdentity.set(identity, lookup)
  }

  /** It ended, or nobody may join it any more; one that took its place stays. */
  end(identity: string, lookup: Lookup): void {
    if (this.#byIdentity.get(identity) !== lookup) return
    this.#byIdentity.set(identity, undefined)
    if (++this.#ended >= MOST_ENDED) this.#clear()
  }

  #clear(): void {
    const kept = [...this.#byIdentity].filter(([, lookup]) => lookup !== undefined)
    this.#byIdentity = new Map(kept)
    this.#ended = 0
  }
}
