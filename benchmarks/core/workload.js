/** Entries of one tenant each, in the rows that go over tenants. */
export const TENANTS = 1000

/** Accesses drawn in advance: a power of two, so that going round is a mask. */
const DRAWS = 1 << 20

/**
 * What every contender of a row is asked: the same keys, values and order, made before anything is measured.
 *
 * Flat caches get a key that names the tenant, as an application has to build it; a scoped cache gets the short key. Keys
 * are asked for by Zipf(1.0): the r-th most popular one r times less often than the first.
 */
export function createWorkload(size, { tenants = TENANTS } = {}) {
  const places = Array.from({ length: size }, (_, at) => at)
  return {
    size,
    order: zipfOrder(size),
    mask: DRAWS - 1,
    tenants: Array.from({ length: tenants }, (_, at) => flat(`org_${String(at).padStart(6, '0')}`)),
    tenantOf: Uint32Array.from(places, (at) => at % tenants),
    shortKeys: places.map((at) => flat(`invoice:${at}`)),
    longKeys: places.map((at) => flat(longKey(at))),
    absentShortKeys: places.map((at) => flat(`absent:${at}`)),
    absentLongKeys: places.map((at) => flat(longKey(`absent:${at}`))),
    values: places.map((at) => ({ id: at, total: at * 100, currency: 'EUR' })),
  }
}

/** Keys that a full cache has not seen for so long that they are new to it: twice its size of them, in turns. */
export function createNewKeys(size) {
  const places = Array.from({ length: size * 2 }, (_, at) => at)
  return {
    newShortKeys: places.map((at) => flat(`new:${at}`)),
    newLongKeys: places.map((at) => flat(longKey(`new:${at}`))),
  }
}

function longKey(id) {
  return `cache:organization:org_00000042:invoice:${id}`
}

/** A concatenated string is a tree until somebody looks into it: as an object's key it becomes one piece, with its hash. */
function flat(text) {
  return Object.keys({ [text]: 0 })[0]
}

function zipfOrder(size) {
  const cumulative = new Float64Array(size)
  let total = 0
  for (let rank = 0; rank < size; rank++) cumulative[rank] = total += 1 / (rank + 1)
  const random = generator(size)
  const placeOf = shuffled(size, random)
  return Uint32Array.from({ length: DRAWS }, () => placeOf[firstAbove(cumulative, random() * total)])
}

/** Popular keys lie anywhere in memory, not next to each other. */
function shuffled(size, random) {
  const places = Uint32Array.from({ length: size }, (_, at) => at)
  for (let at = size - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const place = places[at]
    places[at] = places[other]
    places[other] = place
  }
  return places
}

function firstAbove(sorted, limit) {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] > limit) high = middle
    else low = middle + 1
  }
  return low
}

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
