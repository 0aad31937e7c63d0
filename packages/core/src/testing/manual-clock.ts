import type { Clock } from '../clock.js'
import { milliseconds, type Duration } from '../duration.js'

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Timers that have not run yet. */
  readonly pending: number
  /**
   * Moves both clocks forward and runs the timers that fall due, in their order, each at its own time; timers that these set
   * within the span run too.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a duration that is none
   */
  advance(by: Duration): void
  /**
   * The same, with a turn of the event loop before the first timer and after each: promises that wait for one another settle
   * as they would in real time. Needs real timers, so not those of `vi.useFakeTimers()` and the like.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a duration that is none
   */
  advanceAsync(by: Duration): Promise<void>
  /** Sets the wall clock alone, as an administrator or NTP does: forward or back. */
  setWall(time: Date | number): void
}

interface Timer {
  readonly due: number
  readonly callback: () => void
}

/** Where the wall clock of a manual clock begins, unless it is told: always the same, so that tests are. */
const EPOCH = Date.UTC(2026, 0, 1)

/**
 * A clock for tests: pass it as `createCache({ clock })` and time passes when the test says so.
 *
 * @param wall where its wall clock begins. Default: 2026-01-01T00:00:00Z
 * @example
 * ```ts
 * const clock = manualClock()
 * const cache = createCache({ clock, ttl: '1m' })
 * await cache.global.set('rates', [1, 2])
 * clock.advance('59s')
 * await cache.global.has('rates') // true
 * clock.advance('1s')
 * await cache.global.has('rates') // false
 * ```
 */
export function manualClock(wall: Date | number = EPOCH): ManualClock {
  return new SteppedClock(Number(wall))
}

class SteppedClock implements ManualClock {
  #now = 0
  /** What the wall clock is ahead of the monotonic one. */
  #offset: number
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>()

  constructor(wall: number) {
    this.#offset = wall
  }

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#now + this.#offset
  }

  setWall(time: Date | number): void {
    this.#offset = Number(time) - this.#now
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, delay), callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  advance(by: Duration): void {
    const end = this.#now + milliseconds(by, 'advance')
    while (this.#runNext(end));
    this.#now = Math.max(this.#now, end)
  }

  async advanceAsync(by: Duration): Promise<void> {
    const end = this.#now + milliseconds(by, 'advanceAsync')
    do await turn()
    while (this.#runNext(end))
    this.#now = Math.max(this.#now, end)
    await turn()
  }

  /** Runs the timer that is due first, if one is by `end`. */
  #runNext(end: number): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.due <= end && timer.due < (next?.due ?? Infinity)) next = timer
    if (next === undefined) return false
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.due)
    next.callback()
    return true
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
