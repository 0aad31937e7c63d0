import type { MapKey } from './key-text.js'
import type { Leaf } from './memory/leaf.js'

/**
 * How a load ended, for those who wait for it. A follower is a reader (rule R-15): it gets a value only if it could have
 * read it from the store.
 */
export type Settlement =
  | { readonly status: 'stored'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: unknown }
  /** Not kept, for a reason that lies in the value: whoever waits loads for itself. */
  | { readonly status: 'unshared' }
  /** Invalidated, deleted or replaced meanwhile: whoever waits looks again. */
  | { readonly status: 'outdated' }

/**
 * One load under way, registered under its key so that others wait for it instead of loading too. It remembers where it
 * began: the leaf it was registered on and the tag sequence of that moment are its stamps, so that a value that was
 * invalidated while it loaded is dead on arrival.
 */
export class Flight {
  /** Whether others can find it: too many loads at once are not registered, and keep nothing. */
  registered = false
  #settlement: Settlement | undefined
  #settle: ((settlement: Settlement) => void) | undefined
  #settled: Promise<Settlement> | undefined

  constructor(
    readonly leaf: Leaf,
    readonly key: MapKey,
    /** The tier's tag sequence when the load began. */
    readonly born: number,
  ) {}

  /** How it ended; never rejects. Made when first asked for: most loads have no follower. */
  get settled(): Promise<Settlement> {
    this.#settled ??= this.#settlement
      ? Promise.resolve(this.#settlement)
      : new Promise((resolve) => (this.#settle = resolve))
    return this.#settled
  }

  /** Ends it. Only the first call counts. */
  settle(settlement: Settlement): void {
    if (this.#settlement) return
    this.#settlement = settlement
    this.#settle?.(settlement)
  }
}
