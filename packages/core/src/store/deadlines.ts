import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'

/**
 * An operation with a deadline, in line between those that began before and after it. What comes of it is told by calling it: one
 * that is on the way of every read needs no promise for that.
 */
export abstract class Operation<T> {
  /** @internal */
  due = 0
  /** @internal */
  over = true
  /** @internal */
  before: Operation<never> | undefined
  /** @internal */
  after: Operation<never> | undefined

  abstract done(value: T): void
  abstract failed(error: Error): void
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
  readonly #ended: (outcome: Outcome) => void
  #first: Operation<never> | undefined
  #last: Operation<never> | undefined
  #cancel: (() => void) | undefined
  #excused = false

  /** @param ended told how each operation was, once, before anybody else; but those of a circuit breaker's own */
  constructor(clock: Clock, delay: number, ended: (outcome: Outcome) => void = () => {}) {
    this.#clock = clock
    this.#delay = delay
    this.#ended = ended
  }

  /** What the work gives; rejects with `ERR_CACHE_TIMEOUT` where that takes too long, whatever comes of it later. */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => this.watch(work, new Promised(resolve, reject)))
  }

  /** Tells the operation what comes of the work, in time or not. */
  watch<T>(work: Promise<T>, operation: Operation<T>): void {
    this.#enter(operation)
    work.then(
      (value) => {
        if (!this.#end(operation)) return
        this.#ended('done')
        operation.done(value)
      },
      (error: unknown) => {
        if (!this.#end(operation)) return
        this.#ended('failed')
        operation.failed(error instanceof Error ? error : new Error('the store rejected', { cause: error }))
      },
    )
  }

  #enter(operation: Operation<never>): void {
    operation.due = this.#clock.now() + this.#delay
    operation.over = false
    operation.before = this.#last
    operation.after = undefined
    if (this.#last === undefined) this.#first = operation
    else this.#last.after = operation
    this.#last = operation
    if (this.#cancel === undefined) this.#arm(this.#delay)
  }

  /** Whether it ended in time. */
  #end(operation: Operation<never>): boolean {
    if (operation.over) return false
    const { before, after } = operation
    operation.over = true
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    operation.before = operation.after = undefined
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
      this.#ended('late')
      next.failed(new CacheError('ERR_CACHE_TIMEOUT', 'the store did not answer in time'))
    }
    // One that is over needs no timer: whoever comes next arms it again.
    if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.due - now))
  }
}

/** An operation that somebody awaits. */
class Promised<T> extends Operation<T> {
  constructor(
    readonly done: (value: T) => void,
    readonly failed: (error: Error) => void,
  ) {
    super()
  }
}
