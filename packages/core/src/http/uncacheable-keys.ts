import type { Clock } from '../clock.js'
import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'

/** How long a key is remembered, in milliseconds, and how many are at the most (rule R-16). */
const MEMORY = 2000
const MAX_KEYS = 10_000

/**
 * Keys whose last response could not be stored. For a short while nobody waits for somebody else's response under them:
 * waiting behind answers that cannot be shared would put requests in single file.
 */
export class UncacheableKeys {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(place: Place, key: MapKey): void {
    const name = nameOf(place, key)
    this.#until.delete(name)
    this.#until.set(name, this.#clock.now() + MEMORY)
    if (this.#until.size > MAX_KEYS) this.#until.delete(this.#until.keys().next().value as string)
  }

  has(place: Place, key: MapKey): boolean {
    if (this.#until.size === 0) return false
    const name = nameOf(place, key)
    const until = this.#until.get(name)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(name)
    return false
  }

  /** A response under the key was stored after all. */
  delete(place: Place, key: MapKey): void {
    if (this.#until.size > 0) this.#until.delete(nameOf(place, key))
  }
}

/** Ids hold no control characters (rule R-12), so this is injective. */
function nameOf(place: Place, key: MapKey): string {
  return `${place.level.name}\u0000${place.ids.join('\u0000')}\u0000\u0000${key}`
}
