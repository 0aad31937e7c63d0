/** One piece of work at a time for each key, in the order in which they came. Keys are held only while somebody works on them. */
export class KeyLocks {
  readonly #last = new Map<string, Promise<void>>()

  /** Does the work when all that came before on any of these keys is over, whether it succeeded or not. */
  run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    // All keys are taken in the same turn: two callers never wait for each other.
    const before = keys.flatMap((key) => this.#last.get(key) ?? [])
    const result = Promise.allSettled(before).then(work)
    const over: Promise<void> = result.then(
      () => this.#forget(keys, over),
      () => this.#forget(keys, over),
    )
    for (const key of keys) this.#last.set(key, over)
    return result
  }

  /** How many keys are worked on. */
  get size(): number {
    return this.#last.size
  }

  #forget(keys: readonly string[], over: Promise<void>): void {
    for (const key of keys) if (this.#last.get(key) === over) this.#last.delete(key)
  }
}
