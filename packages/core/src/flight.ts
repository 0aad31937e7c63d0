import type { MapKey } from './key-text.js'
import type { Leaf } from './memory/leaf.js'
import type { Sight } from './remote.js'

/**
 * How a load ended, for those who wait for it. A follower is a reader (rule R-15): it gets a value only if it could have
 * read it from the store.
 */
export type Settlement =
  | {
      readonly status: 'stored'
      readonly value: unknown
      /** It was found in the store, nobody loaded it. */
      readonly found?: boolean
    }
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
  /** The load that took this one's place, because this one was slow, say. Until that ends, both may bring what is kept. */
  successor: Flight | undefined = undefined
  /** What the look-up in the store found out before the load, where there is a store. */
  sight: Sight | undefined = undefined
  #over = false
  #tell: ((settlement: Settlement) => void) | undefined
  #settled: Promise<Settlement> | undefined

  constructor(
    readonly leaf: Leaf,
    readonly key: MapKey,
    /** The tier's tag sequence when the load began. */
    readonly born: number,
  ) {}

  /** How it ends; never rejects. Made when first asked for: most loads have no follower, and nobody finds one that is over. */
  get settled(): Promise<Settlement> {
    return (this.#settled ??= new Promise((resolve) => (this.#tell = resolve)))
  }

  /** Ends it. Only the first call counts. */
  settle(settlement: Settlement): void {
    if (!this.#over) this.release(settlement)
    this.#over = true
  }

  /** Tells those who wait now; whoever comes later waits on. */
  release(settlement: Settlement): void {
    this.#tell?.(settlement)
    this.#tell = this.#settled = undefined
  }
}
