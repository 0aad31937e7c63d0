/** What an entry can be invalidated by besides its scope: the application's tags, and its namespace as an object. */
export type Tag = string | object

/** Marks kept for each scope; above it the oldest half gives way to one mark for every tag. */
const MOST_MARKS = 256

/**
 * When each tag was last invalidated at one scope, in ticks of the tier's tag sequence. Bounded: what was forgotten counts as
 * invalidated when the forgotten mark was set, which can only cost a miss.
 */
export class TagMarks {
  readonly #marks = new Map<Tag, number>()
  #floor = 0
  /** The latest mark of all. */
  latest = 0

  set(tag: Tag, sequence: number): void {
    this.#marks.delete(tag)
    this.#marks.set(tag, sequence)
    this.latest = sequence
    if (this.#marks.size > MOST_MARKS) this.#forget()
  }

  /** When the tag was last invalidated here, or 0. */
  of(tag: Tag): number {
    return this.#marks.get(tag) ?? this.#floor
  }

  /** Invalidates every tag, known or not. */
  setAll(sequence: number): void {
    this.#marks.clear()
    this.#floor = this.latest = sequence
  }

  #forget(): void {
    let surplus = this.#marks.size - MOST_MARKS / 2
    for (const [tag, sequence] of this.#marks) {
      if (surplus-- <= 0) return
      this.#floor = sequence
      this.#marks.delete(tag)
    }
  }
}
