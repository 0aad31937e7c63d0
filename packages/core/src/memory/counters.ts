/** What happened in one place. Hits are counted apart, on the leaf: they are the hot ones. */
export class Counters {
  hits = 0
  misses = 0
  stale = 0
  loads = 0
  loadErrors = 0
  loadTime = 0
  sets = 0
  deletes = 0
  evictions = 0
  expirations = 0
  invalidations = 0
  bypasses = 0

  add(other: Counters): void {
    for (const name of COUNTED) this[name] += other[name]
  }
}

/** The name of one count. */
export type Counted = Exclude<keyof Counters, 'add'>

const COUNTED = Object.keys(new Counters()) as Counted[]
