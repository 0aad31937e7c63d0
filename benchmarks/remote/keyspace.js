/** What every reader asks for: the same keys in the same order, with the same values. */
export const KEYS = 10_000
export const ORGANIZATION = 'org_000042'
export const USER = 'user_000007'

/** How long everything lives, in milliseconds: nothing expires while it is measured. */
export const TTL = 3_600_000

/** The key of the entry that a library writes by itself, where all others are the same bytes under other keys, never read. */
export const SAMPLE = 'sample'

const VALUE_BYTES = 100

/** Keys as a scoped cache gets them, and as one builds them for a flat one; values of a hundred bytes of JSON. */
export function createKeyspace(count = KEYS) {
  const places = Array.from({ length: count }, (_, at) => at)
  return {
    shortKeys: places.map((at) => `invoice:${at}`),
    longKeys: places.map((at) => `organization:${ORGANIZATION}:invoice:${at}`),
    values: places.map(valueOf),
  }
}

/** Sets all entries, some at a time. */
export async function setAll({ shortKeys, longKeys, values }, set) {
  for (let from = 0; from < values.length; from += AT_ONCE) {
    const places = values.slice(from, from + AT_ONCE).map((_, offset) => from + offset)
    await Promise.all(places.map((at) => set({ shortKey: shortKeys[at], longKey: longKeys[at], value: values[at] })))
  }
}

const AT_ONCE = 200

function valueOf(at) {
  const value = { id: at, total: at * 100, currency: 'EUR', note: '' }
  const note = 'n'.repeat(VALUE_BYTES - JSON.stringify(value).length)
  return { ...value, note }
}
