import type { Clock } from '../clock.js'

/** A point in time to race against. */
export interface Deadline {
  /** Resolves to nothing when the time is over. */
  readonly passed: Promise<undefined>
  /** Forgets it. */
  readonly cancel: () => void
}

/** A deadline that many milliseconds from now. */
export function deadlineIn(delay: number, clock: Clock): Deadline {
  let cancel!: () => void
  const passed = new Promise<undefined>((resolve) => {
    cancel = clock.after(delay, () => resolve(undefined))
  })
  return { passed, cancel }
}
