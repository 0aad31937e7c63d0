/** Invalidations that wait for a transaction: applied in order when it succeeds, forgotten when it fails. */
export class Deferral {
  readonly #invalidations: (() => Promise<unknown>)[] = []
  #over = false

  /** Whether it still collects: what outlives the function that opened it acts at once. */
  get open(): boolean {
    return !this.#over
  }

  add(invalidation: () => Promise<unknown>): void {
    this.#invalidations.push(invalidation)
  }

  /** Stops collecting and hands over what was collected. */
  close(): readonly (() => Promise<unknown>)[] {
    this.#over = true
    return this.#invalidations
  }
}
