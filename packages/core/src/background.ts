/** Work that nobody waits for: kept track of, so that tests and `close()` can. */
export class Background {
  readonly #running = new Set<Promise<unknown>>()
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined
  readonly #failed: (error: unknown) => void

  constructor(waitUntil: ((work: Promise<unknown>) => void) | undefined, failed: (error: unknown) => void) {
    this.#waitUntil = waitUntil
    this.#failed = failed
  }

  /** Lets the work go on by itself; what it rejects with is reported, never unhandled. */
  add(work: Promise<unknown>): void {
    const done = work.then(
      () => {},
      (error: unknown) => this.#failed(error),
    )
    this.#running.add(done)
    void done.then(() => this.#running.delete(done))
    void this.hold(done)
  }

  /** Keeps the platform alive until the work is over; somebody else sees to how it ends. */
  hold<T>(work: Promise<T>): Promise<T> {
    try {
      this.#waitUntil?.(work.catch(() => {}))
    } catch (error) {
      this.#failed(error)
    }
    return work
  }

  /** Resolves when nothing is running any more, work that was added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
