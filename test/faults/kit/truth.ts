/** When an invalidation was acknowledged, by which node, and the version that nobody may fall behind since. */
interface Acknowledgement {
  readonly version: number
  readonly node: number
  readonly at: number
}

/** What another node may lag behind while all is well, and after a fault has healed, in milliseconds (O-3). */
const HEALTHY_LAG = 1000
export const HEALED_LAG = 5000

/** What is true: a version of every resource, and which ones were acknowledged as invalidated (oracle O-3). */
export class Truth {
  readonly #versions = new Map<string, number>()
  readonly #acknowledged = new Map<string, Acknowledgement[]>()
  /** Since when nothing is broken; `Infinity` while something is. */
  healthySince = -Infinity
  /** When Redis last lost what it had acknowledged; `Infinity` while it does so. */
  lostAt = -Infinity

  get resources(): readonly string[] {
    return [...this.#versions.keys()]
  }

  version(resource: string): number {
    const version = this.#versions.get(resource) ?? 1
    this.#versions.set(resource, version)
    return version
  }

  bump(resource: string): number {
    const version = this.version(resource) + 1
    this.#versions.set(resource, version)
    return version
  }

  /** The node has invalidated the resource, which was at this version then. */
  acknowledge(resource: string, version: number, node: number): void {
    const known = this.#acknowledged.get(resource) ?? []
    this.#acknowledged.set(resource, [...known, { version, node, at: performance.now() }])
  }

  /** The oldest version that a read which begins now may get from the node. */
  floor(resource: string, node: number): number {
    const now = performance.now()
    const known = this.#acknowledged.get(resource) ?? []
    const reached = known.filter((each) => (each.node === node && this.#isKept(each, now)) || this.#isDue(each, now))
    return Math.max(1, ...reached.map(({ version }) => version))
  }

  #isKept({ at }: Acknowledgement, now: number): boolean {
    return at > this.lostAt || now >= this.lostAt + HEALED_LAG
  }

  #isDue({ at }: Acknowledgement, now: number): boolean {
    return now >= at + HEALTHY_LAG && now >= this.healthySince + HEALED_LAG
  }
}
