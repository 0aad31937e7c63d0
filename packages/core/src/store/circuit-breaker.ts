import type { Clock } from '../clock.js'

/** Within this window at least {@link MANY} operations of which half failed open the breaker, too (rule R-31). */
const WINDOW = 1000
const MANY = 20
/** The pause varies by this share, so that processes do not try again together. */
const JITTER = 0.2

/** When a breaker opens and how long it stays so. */
export interface BreakerPlan {
  /** Failures in a row. */
  readonly failures: number
  /** Milliseconds. */
  readonly pause: number
  /** A small operation that tells whether the store is back; rejects where it is not. */
  readonly probe: () => Promise<unknown>
  readonly changed: (open: boolean) => void
}

/**
 * Leaves a store alone that fails or is slow: after some failures in a row, or half of many within a second, it lets nothing
 * through. After a pause, and then again and again, it tries an operation of its own: no caller has to wait for a store that
 * most likely is still down.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #plan: BreakerPlan
  #consecutive = 0
  #windowEnd = 0
  #total = 0
  #failed = 0
  #openUntil: number | undefined
  #probing = false
  #stopped = false
  #cancel: (() => void) | undefined

  constructor(clock: Clock, plan: BreakerPlan) {
    this.#clock = clock
    this.#plan = plan
  }

  /** Whether it lets nothing through. */
  get open(): boolean {
    return this.#openUntil !== undefined
  }

  /** Whether an operation may go through. Where timers do not fire, being asked is what begins the next trial. */
  admits(): boolean {
    if (this.#openUntil === undefined) return true
    if (this.#clock.now() >= this.#openUntil) this.#try()
    return false
  }

  succeeded(): void {
    if (this.open) return
    this.#consecutive = 0
    if (this.#total > 0) this.#count(0)
  }

  failed(): void {
    if (this.open) return
    this.#consecutive++
    this.#count(1)
    const half = this.#total >= MANY && this.#failed * 2 >= this.#total
    if (half || this.#consecutive >= this.#plan.failures) this.trip()
  }

  /** Opens it, whatever was counted. */
  trip(): void {
    const wasOpen = this.open
    this.#pause()
    if (!wasOpen) this.#plan.changed(true)
  }

  /** Tries no more. */
  stop(): void {
    this.#cancel?.()
    this.#stopped = true
  }

  #pause(): void {
    const pause = this.#plan.pause * (1 - JITTER / 2 + JITTER * Math.random())
    this.#openUntil = this.#clock.now() + pause
    this.#cancel?.()
    this.#cancel = this.#clock.after(pause, () => this.#try())
  }

  #try(): void {
    if (this.#probing || this.#stopped || !this.open) return
    this.#probing = true
    const trial = this.#openUntil
    void this.#plan.probe().then(
      // It may have been opened anew for another reason meanwhile.
      () => this.#tried(this.#openUntil === trial),
      () => this.#tried(false),
    )
  }

  #tried(succeeded: boolean): void {
    this.#probing = false
    if (this.#stopped) return
    if (!succeeded) return this.#pause()
    this.#cancel?.()
    this.#openUntil = undefined
    this.#consecutive = this.#total = this.#failed = 0
    this.#plan.changed(false)
  }

  #count(failed: 0 | 1): void {
    const now = this.#clock.now()
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW
      this.#total = this.#failed = 0
    }
    this.#total++
    this.#failed += failed
  }
}
