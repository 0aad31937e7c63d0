/** How long ago something counts as lately, in milliseconds, and how much of it is kept. */
const PERIOD = 60_000
const MOST = 1000

/** What happened lately, the last for each key; a bounded number, of which the oldest leave. */
export class Lately<T> {
  readonly #known = new Map<string, { readonly value: T; readonly at: number }>()

  remember(key: string, value: T, now: number): void {
    this.#known.delete(key)
    this.#known.set(key, { value, at: now })
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value as string)
  }

  forget(key: string): void {
    this.#known.delete(key)
  }

  /** All of it, the oldest first; it is forgotten here. */
  take(now: number): readonly (readonly [key: string, value: T])[] {
    const taken = [...this.#known].filter(([, { at }]) => at >= now - PERIOD)
    this.#known.clear()
    return taken.map(([key, { value }]) => [key, value] as const)
  }
}
