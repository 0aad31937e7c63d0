import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'

/** An operation with a deadline: what happens when that passes first. */
interface Awaited {
  readonly due: number
  over: boolean
  readonly late: () => void
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
  #queue: Awaited[] = []
  /** Those before it are over. */
  #head = 0
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
      const awaited: Awaited = {
        due: this.#clock.now() + this.#delay,
        over: false,
        late: () => {
          ended?.('late')
          reject(new CacheError('ERR_CACHE_TIMEOUT', 'the store did not answer in time'))
        },
      }
      this.#queue.push(awaited)
      if (this.#cancel === undefined) this.#arm(this.#delay)
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

  /** Whether it ended in time. */
  #end(awaited: Awaited): boolean {
    if (awaited.over) return false
    awaited.over = true
    this.#trim()
    return true
  }

  /** Forgets what is over at the head of the queue. */
  #trim(): void {
    const queue = this.#queue
    while (queue[this.#head]?.over === true) this.#head++
    if (this.#head === queue.length) {
      this.#queue = []
      this.#head = 0
      this.#cancel?.()
      this.#cancel = undefined
    } else if (this.#head > 1024 && this.#head * 2 > queue.length) {
      this.#queue = queue.slice(this.#head)
      this.#head = 0
    }
  }

  #arm(delay: number): void {
    this.#cancel = this.#clock.after(delay, () => this.#expire())
  }

  #expire(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    const first = this.#queue[this.#head]
    if (first !== undefined && now > first.due + STALL && !this.#excused) {
      // This process was blocked, not the store: what came in meanwhile is read before anything is late.
      this.#excused = true
      return this.#arm(1)
    }
    this.#excused = false
    for (let at = this.#head; at < this.#queue.length; at++) {
      const awaited = this.#queue[at] as Awaited
      if (awaited.over) continue
      // A timer may come a little early.
      if (awaited.due > now + 1) return this.#arm(awaited.due - now)
      awaited.over = true
      awaited.late()
    }
    this.#trim()
  }
}
