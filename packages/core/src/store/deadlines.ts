import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'

/** An operation with a deadline, in line between those that began before and after it. */
interface Awaited {
  readonly due: number
  /** What happens when the deadline passes first. */
  readonly late: () => void
  over: boolean
  before: Awaited | undefined
  after: Awaited | undefined
}

/** How an operation ended. */
export type Outcome = 'done' | 'failed' | 'late'

/** A timer that fires this much too late, in milliseconds, tells that the event loop was blocked. */
const STALL = 5

/**
 * Deadlines that are all equally far away: the first to begin is the first to be due, so one timer does for all of them and
 * an operation costs no timer of its own.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #delay: number
  #first: Awaited | undefined
  #last: Awaited | undefined
  #cancel: (() => void) | undefined
  #excused = false

  constructor(clock: Clock, delay: number) {
    this.#clock = clock
    this.#delay = delay
  }

  /**
   * What the operation gives; rejects with `ERR_CACHE_TIMEOUT` where that takes too long, whatever comes of it later. `ended` is
   * told how it was, once, before anybody else. One promise for each operation: this is on the way of every read.
   */
  within<T>(operation: Promise<T>, ended?: (outcome: Outcome) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const awaited = this.#enter(() => {
        ended?.('late')
        reject(new CacheError('ERR_CACHE_TIMEOUT', 'the store did not answer in time'))
      })
      operation.then(
        (value) => {
          if (!this.#end(awaited)) return
          ended?.('done')
          resolve(value)
        },
        (error: unknown) => {
          if (!this.#end(awaited)) return
          ended?.('failed')
          reject(error instanceof Error ? error : new Error('the store rejected', { cause: error }))
        },
      )
    })
  }

  #enter(late: () => void): Awaited {
    const due = this.#clock.now() + this.#delay
    const awaited: Awaited = { due, late, over: false, before: this.#last, after: undefined }
    if (this.#last === undefined) this.#first = awaited
    else this.#last.after = awaited
    this.#last = awaited
    if (this.#cancel === undefined) this.#arm(this.#delay)
    return awaited
  }

  /** Whether it ended in time. */
  #end(awaited: Awaited): boolean {
    if (awaited.over) return false
    const { before, after } = awaited
    awaited.over = true
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    awaited.before = awaited.after = undefined
    return true
  }

  #arm(delay: number): void {
    this.#cancel = this.#clock.after(delay, () => this.#expire())
  }

  #expire(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    if (this.#first !== undefined && now > this.#first.due + STALL && !this.#excused) {
      // This process was blocked, not the store: what came in meanwhile is read before anything is late.
      this.#excused = true
      return this.#arm(1)
    }
    this.#excused = false
    // A timer may come a little early.
    for (let next = this.#first; next !== undefined && next.due <= now + 1; next = this.#first) {
      this.#end(next)
      next.late()
    }
    // One that is over needs no timer: whoever comes next arms it again.
    if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.due - now))
  }
}
