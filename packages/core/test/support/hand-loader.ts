import type { Load, LoadContext } from '@cacheado/core'

/** One run of a loader, released by hand. */
export interface Run<T> {
  readonly context: LoadContext<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A loader whose runs stay open until the test ends them. */
export interface HandLoader<T> {
  readonly load: Load<T>
  readonly runs: readonly Run<T>[]
  /** The run of that index; -1 is the last. */
  run(index: number): Run<T>
}

export function handLoader<T = unknown>(): HandLoader<T> {
  const runs: Run<T>[] = []
  return {
    runs,
    load: (context) => new Promise<T>((resolve, reject) => runs.push({ context, resolve, reject })),
    run(index) {
      const run = runs.at(index)
      if (run === undefined) throw new Error(`the loader ran ${runs.length} times`)
      return run
    },
  }
}

/** How a promise stands, without waiting for it. */
export interface Watched<T> {
  state: 'pending' | 'fulfilled' | 'rejected'
  value?: T
  error?: unknown
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: Watched<T> = { state: 'pending' }
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', value }),
    (error: unknown) => Object.assign(watched, { state: 'rejected', error }),
  )
  return watched
}
