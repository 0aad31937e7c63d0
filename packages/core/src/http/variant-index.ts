import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'

const MAX_NAMES = 20
/** Variants of one URL in one scope (rule R-20). */
const MAX_VARIANTS = 32

/**
 * Stands under a URL's key once its responses vary: by which request headers they do, and which variants there are. Its
 * id is part of every variant's key, so that deleting the index puts all variants out of reach.
 */
export class VariantIndex {
  readonly id: string
  #names: readonly string[] = []
  readonly #keys = new Set<MapKey>()

  /** @param id of an index that another process made; a new one otherwise */
  constructor(id: string = crypto.randomUUID()) {
    this.id = id
  }

  /** The request headers, in lower case, by which variants are told apart. */
  get names(): readonly string[] {
    return this.#names
  }

  /** Adds header names; variants that were kept by fewer are out of reach then. `false` where there would be too many. */
  learn(names: readonly string[]): boolean {
    const union = new Set([...this.#names, ...names])
    if (union.size > MAX_NAMES) return false
    if (union.size > this.#names.length) {
      this.#names = [...union]
      this.#keys.clear()
    }
    return true
  }

  /** Makes room for a variant; `false` where there are too many. Those that are gone from the cache leave first. */
  admit(key: MapKey, place: Place): boolean {
    if (this.#keys.has(key)) return true
    if (this.#keys.size >= MAX_VARIANTS) {
      for (const known of this.#keys) if (place.find(known) === undefined) this.#keys.delete(known)
    }
    if (this.#keys.size >= MAX_VARIANTS) return false
    this.#keys.add(key)
    return true
  }
}
