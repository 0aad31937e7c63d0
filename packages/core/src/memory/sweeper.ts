import type { Clock } from '../clock.js'

/** How long a slice of background work may hold the event loop, in milliseconds. */
const SLICE = 1
/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 128

/**
 * Runs background work in slices of about a millisecond with the event loop free between them. Its timers never keep the
 * process alive, and nothing correct depends on them: what is dead is already a miss, this only frees its memory.
 */
export class Sweeper {
  readonly #clock: Clock
  readonly #jobs: Iterator<unknown>[] = []
  #cancel: (() => void) | undefined
  #cancelPeriod: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Works through the iterator, a slice at a time. */
  run(job: Iterator<unknown>): void {
    this.#jobs.push(job)
    this.#cancel ??= this.#clock.after(0, () => this.#slice())
  }

  /** Runs what `job` makes once after `period` milliseconds, unless that is already planned. */
  plan(period: number, job: () => Iterator<unknown>): void {
    this.#cancelPeriod ??= this.#clock.after(period, () => {
      this.#cancelPeriod = undefined
      this.run(job())
    })
  }

  /** Drops all work. */
  stop(): void {
    this.#jobs.length = 0
    this.#cancel?.()
    this.#cancelPeriod?.()
    this.#cancel = this.#cancelPeriod = undefined
  }

  #slice(): void {
    this.#cancel = undefined
    const end = this.#clock.now() + SLICE
    for (let step = 1; this.#jobs.length > 0; step++) {
      const job = this.#jobs[0] as Iterator<unknown>
      if (job.next().done === true) this.#jobs.shift()
      if (step % STEPS_PER_LOOK === 0 && this.#clock.now() >= end) break
    }
    if (this.#jobs.length > 0) this.#cancel = this.#clock.after(0, () => this.#slice())
  }
}
