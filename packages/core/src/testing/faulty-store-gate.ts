/** Where calls wait for `release()`, in the order in which they came. */
export class Gate {
  readonly #waiting: { readonly pass: () => void; readonly refuse: (reason: Error) => void }[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  wait(): Promise<void> {
    return new Promise((pass, refuse) => this.#waiting.push({ pass, refuse }))
  }

  /** Lets the first of them go on. How many. */
  release(count: number): number {
    const released = this.#waiting.splice(0, count)
    for (const { pass } of released) pass()
    return released.length
  }

  /** Sends all of them away. */
  end(reason: Error): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason)
  }
}
