/**
 * Where time comes from. Expiry runs on the monotonic clock; the wall clock only dates what leaves the process.
 * `@cacheado/core/testing` has a manual one.
 */
export interface Clock {
  /** Monotonic milliseconds from any origin; never goes back. */
  now(): number
  /** Milliseconds since the Unix epoch; may jump. */
  wall(): number
  /** Calls `callback` once after `delay` milliseconds and never keeps the process alive; returns what cancels it. */
  after(delay: number, callback: () => void): () => void
}

const LONGEST_TIMER = 2 ** 31 - 1

/** The platform's own clocks and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, callback) {
    const timer: unknown = startTimer(callback, Math.min(delay, LONGEST_TIMER))
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}

/** A timer that does not keep the process alive; none where the platform allows none now, as Workers do outside of a request. */
function startTimer(callback: () => void, delay: number): unknown {
  try {
    const timer: unknown = setTimeout(callback, delay)
    // Node and Bun give an object that can be told so; Deno a number, and a function of its own.
    if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
    else deno?.unrefTimer?.(timer as number)
    return timer
  } catch {
    return undefined
  }
}

const { Deno: deno, navigator: platform } = globalThis as {
  Deno?: { unrefTimer?: (timer: number) => void }
  navigator?: { userAgent?: string }
}

/** Workers end a request's timers with it: there a sample could stay for ever. */
const TIMERS_FIRE =
  typeof process === 'object' && process.versions?.node !== undefined && platform?.userAgent !== 'Cloudflare-Workers'

/** Reads of one cached time at the most: bounds how old it gets while the event loop is blocked. */
const READS_PER_SAMPLE = 128
const RESOLUTION = 1

/**
 * Whole milliseconds since its creation, sampled: reading a clock costs as much as a lookup. A sample is kept for a
 * millisecond or {@link READS_PER_SAMPLE} reads, and only where timers are reliable and the clock is the platform's;
 * a clock that somebody injected is read each time, so that moving it takes effect at once.
 */
export class CoarseClock {
  readonly #clock: Clock
  readonly #origin: number
  readonly #sampled: boolean
  #sample = 0
  #reads = 0
  #armed = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#origin = clock.now()
    this.#sampled = clock === systemClock && TIMERS_FIRE
  }

  /** Now, at most a millisecond late. */
  now(): number {
    if (this.#reads > 0) {
      this.#reads--
      return this.#sample
    }
    return this.exact()
  }

  /** Now, read from the clock. */
  exact(): number {
    this.#sample = Math.floor(this.#clock.now() - this.#origin)
    if (this.#sampled) {
      this.#reads = READS_PER_SAMPLE
      if (!this.#armed) this.#arm()
    }
    return this.#sample
  }

  #arm(): void {
    this.#armed = true
    this.#clock.after(RESOLUTION, () => {
      this.#armed = false
      this.#reads = 0
    })
  }
}
