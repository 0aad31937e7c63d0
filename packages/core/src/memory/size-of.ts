/** Objects measured before a value is looked at for repetitions: most values are small trees and pay for no set. */
const SMALL = 64
/** Deeper than this a value is not measured (rule R-28). */
const DEEPEST = 200

/** What an entry costs besides its value: the entry itself, its place in the map, its key's header. */
export const ENTRY_OVERHEAD = 312

/**
 * Roughly how many bytes of memory a value retains, or `undefined` where that cannot be told: too deep, or a getter that
 * throws. A view counts with the whole buffer it keeps alive.
 */
export function sizeOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return primitiveSize(value)
  try {
    return new Measure(undefined).size(value, 0) ?? new Measure(new Set()).size(value, 0)
  } catch {
    return undefined
  }
}

function primitiveSize(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length * 2
  if (typeof value === 'function') return 64
  return 8
}

/** One walk over a value. Without a set of what it has seen it gives up after {@link SMALL} objects. */
class Measure {
  readonly #seen: Set<object> | undefined
  #objects = 0

  constructor(seen: Set<object> | undefined) {
    this.#seen = seen
  }

  size(value: unknown, depth: number): number | undefined {
    if (typeof value !== 'object' || value === null) return primitiveSize(value)
    if (depth > DEEPEST) throw new RangeError('too deep')
    if (this.#seen) {
      if (this.#seen.has(value)) return 8
      this.#seen.add(value)
    } else if (++this.#objects > SMALL) {
      return undefined
    }
    if (ArrayBuffer.isView(value)) return 64 + value.buffer.byteLength
    if (value instanceof ArrayBuffer) return 64 + value.byteLength
    if (Array.isArray(value)) return this.#sum(value, 16 + value.length * 8, depth)
    if (value instanceof Map) return this.#sum([...value.keys(), ...value.values()], 64 + value.size * 32, depth)
    if (value instanceof Set) return this.#sum([...value], 64 + value.size * 24, depth)
    // A name can be as long as any text, and comes from whoever wrote the data.
    let base = 56
    for (const name of Object.keys(value)) base += name.length
    return this.#sum(Object.values(value), base, depth)
  }

  #sum(parts: readonly unknown[], base: number, depth: number): number | undefined {
    let bytes = base + parts.length * 8
    for (const part of parts) {
      const size = this.size(part, depth + 1)
      if (size === undefined) return undefined
      bytes += size
    }
    return bytes
  }
}
