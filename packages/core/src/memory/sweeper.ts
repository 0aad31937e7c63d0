import type { Clock } from '../clock.js'

/** How long a slice of background work may hold the event loop, in milliseconds. */
const SLICE = 1
/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 128

/** Steps of pending work that one write does itself. */
const STEPS_PER_WRITE = 4

/**
 * Runs background work in slices of about a millisecond with the event loop free between them. Its timers never keep the
 * process alive, and nothing correct depends on them: what is dead is already a miss, this only frees its memory. Where timers
 * do not fire (a Worker ends them with the request that set them) the writes do the work, a few steps each.
 */
export class Sweeper {
  readonly #clock: Clock
  readonly #jobs: Iterator<unknown>[] = []
  #sliceAhead = false
  #cancelPlan: (() => void) | undefined
  #plannedFor = 0
  #working = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Works through the iterator, a slice at a time. */
  run(job: Iterator<unknown>): void {
    this.#jobs.push(job)
    this.#nextSlice()
  }

  /** A few steps of what is pending: a write's share. */
  work(): void {
    for (let step = 0; step < STEPS_PER_WRITE && this.#jobs.length > 0; step++) this.#step()
  }

  /** In `period` milliseconds from `now`, what `job` makes; once, unless the timer of an earlier plan never fired. */
  plan(now: number, period: number, job: () => Iterator<unknown>): void {
    if (this.#cancelPlan !== undefined && now <= this.#plannedFor + period) return
    this.#cancelPlan?.()
    this.#plannedFor = now + period
    this.#cancelPlan = this.#clock.after(period, () => {
      this.#cancelPlan = undefined
      this.run(job())
    })
  }

  /** Does what is planned no more; what is under way ends by itself. */
  stop(): void {
    this.#cancelPlan?.()
    this.#cancelPlan = undefined
  }

  #slice(): void {
    this.#sliceAhead = false
    const end = this.#clock.now() + SLICE
    for (let step = 1; this.#jobs.length > 0; step++) {
      this.#step()
      if (step % STEPS_PER_LOOK === 0 && this.#clock.now() >= end) break
    }
    if (this.#jobs.length > 0) this.#nextSlice()
  }

  #nextSlice(): void {
    if (this.#sliceAhead) return
    this.#sliceAhead = true
    this.#clock.after(0, () => this.#slice())
  }

  #step(): void {
    // Work tells listeners, and a listener may write: that write leaves the work alone.
    if (this.#working) return
    this.#working = true
    try {
      if (this.#jobs[0]?.next().done === true) this.#jobs.shift()
    } finally {
      this.#working = false
    }
  }
}
