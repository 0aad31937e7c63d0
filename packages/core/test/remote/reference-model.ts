/** What is known about each node: whether its store and its bus do what they should. */
export interface NodeHealth {
  store: StoreFault
  bus: BusFault
  /** When messages began to wait, for a bus that is held. */
  heldSince: number
}

/** How a store fails: see `FAULTS` of the test for what each one means. */
export type StoreFault = 'ok' | 'refuse' | 'hang' | 'unacknowledged' | 'read-only' | 'slow' | 'corrupt'
export type BusFault = 'ok' | 'held' | 'down' | 'cut'

/** Where a value lives: a scope, a namespace and a key; what carries which tag is the key's affair. */
export interface Site {
  readonly scope: string
  readonly space: string
  readonly key: string
}

/** Oracle O-3 of security.md: other nodes hear within so many milliseconds after a fault has healed. */
const HEALING = 5000

/** The test waits for calls in steps of so many milliseconds. */
export const GRAIN = 50

/** A change that some nodes may not have heard of. */
interface Obligation {
  readonly places: readonly string[]
  readonly node: number
}

/**
 * The truth, and what each node may still believe. The truth has one version of everything; who changes it tells the cache. A node
 * may give the current version of a place, or an older one as long as nothing that replaced it has reached the node.
 */
export class ReferenceModel {
  readonly health: NodeHealth[]
  /** Whether no fault was there at all so far. */
  calm = true
  /** Reads of what is certainly kept somewhere within reach, and how many of them found it. */
  eligible = 0
  hits = 0
  #version = 0
  readonly #truth = new Map<string, number>()
  /** The oldest version that a node may give: one map for each. */
  readonly #floors: Map<string, number>[]
  #obligations: Obligation[] = []
  #healedAt = -HEALING
  /** Until when a version may be given at all: what was kept of it, with every window. */
  readonly #until = new Map<string, number>()
  /** What every healthy node finds: until then it is fresh. */
  readonly #kept = new Map<string, number>()

  constructor(
    readonly nodes: number,
    readonly sites: readonly Site[],
    readonly clock: { now(): number },
  ) {
    this.health = Array.from({ length: nodes }, () => ({ store: 'ok', bus: 'ok', heldSince: 0 }))
    this.#floors = this.health.map(() => new Map<string, number>())
  }

  get now(): number {
    return this.clock.now()
  }

  current(place: string): number {
    return this.#truth.get(place) ?? 0
  }

  /** The oldest version that a read of this node may give from now on. */
  floor(node: number, place: string): number {
    return this.#floors[node]?.get(place) ?? 0
  }

  /** Whether every node works, and has for long enough. */
  get healthy(): boolean {
    return this.health.every(works) && this.now >= this.#healedAt + HEALING
  }

  /** These places have a new version. The node that says so believes nothing older from now on. */
  change(node: number, places: readonly string[]): void {
    for (const place of places) {
      this.#truth.set(place, ++this.#version)
      this.#floors[node]?.set(place, this.#version)
      this.#kept.delete(place)
    }
  }

  /** The change is done, as far as its caller can tell. It reaches at once who can hear, if the store has it. */
  told(node: number, places: readonly string[], applied: boolean): void {
    for (const [other, health] of this.health.entries()) {
      if (other === node) continue
      if (applied && health.bus === 'ok') this.#raise(other, places)
      else this.#obligations.push({ places, node: other })
    }
  }

  /** A version was kept, by a write or a load, with this much time to live and to be served stale. */
  keeps(place: string, version: number, fresh: number, stale: number): void {
    const name = `${place}@${version}`
    const before = this.#until.get(name) ?? 0
    this.#until.set(name, Math.max(before, this.now + fresh + stale))
    // A node that holds an earlier copy, stale by now, does not ask whether another has made it anew.
    if (!this.healthy || version !== this.current(place)) return
    this.#kept.set(place, Math.min(this.now + fresh, before > this.now ? (this.#kept.get(place) ?? 0) : Infinity))
  }

  /** Nobody can say what is kept of the place. */
  forgets(place: string): void {
    this.#kept.delete(place)
  }

  /** Something happened to the store's keys, which is no fault of any node. */
  shaken(): void {
    this.#kept.clear()
    this.calm = false
  }

  fault(node: number, change: Partial<NodeHealth>): void {
    const before = this.health[node] as NodeHealth
    Object.assign(before, change)
    this.calm = false
    this.#kept.clear()
    this.#healedAt = this.now
  }

  /** Time has passed: who did not hear at once has heard by now, if nothing kept it from that. */
  passed(): void {
    if (!this.healthy) return
    for (const { node, places } of this.#obligations) this.#raise(node, places)
    this.#obligations = []
  }

  /** Whether a read has to find something: kept while all was well, and nothing has happened to it since. */
  expects(place: string): boolean {
    return this.healthy && (this.#kept.get(place) ?? 0) > this.now
  }

  /** Why a version must not be given; `undefined` where it may. */
  refuses(floor: number, place: string, version: number): string | undefined {
    if (version < floor) return `version ${version} of ${place}, where ${floor} was known`
    if (version > this.current(place)) return `version ${version} of ${place}, which has only ${this.current(place)}`
    const until = this.#until.get(`${place}@${version}`)
    if (until === undefined) return `version ${version} of ${place}, which was never kept`
    return this.now > until + GRAIN ? `version ${version} of ${place}, ${this.now - until} ms after its end` : undefined
  }

  reaches(scope: string, space: string | undefined): Site[] {
    return this.sites.filter((site) => (space === undefined || site.space === space) && within(scope, site.scope))
  }

  #raise(node: number, places: readonly string[]): void {
    // A later change of this node itself counts more: versions only grow.
    for (const place of places) this.#floors[node]?.set(place, this.current(place))
  }
}

export function placeOf({ scope, space, key }: Site): string {
  return `${scope}|${space}|${key}`
}

function works({ store, bus }: NodeHealth): boolean {
  return store === 'ok' && bus === 'ok'
}

function within(scope: string, inner: string): boolean {
  return scope === '' || inner === scope || inner.startsWith(`${scope}/`)
}
