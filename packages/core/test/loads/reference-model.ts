/** What a call asks for and how its loader behaves. */
export interface Caller {
  readonly kind: 'ok' | 'throw' | 'slow'
  readonly value: number
  readonly ttl: number
  readonly tags: readonly string[]
  /** How the call ended, as soon as it did. */
  outcome?: { readonly value: number } | { readonly error: number }
  attempts: number
  joinedAt: number
}

/** One load that a test has to end. */
export interface OpenLoad {
  readonly place: string
  readonly caller: Caller
  readonly waiters: Caller[]
  /** Tags that were invalidated while it ran. */
  readonly marks: Set<string>
  /** Whether whoever comes now waits for it. */
  joinable: boolean
  /** The load that took its place. */
  heir?: OpenLoad
}

const ATTEMPTS = 3

/**
 * What one process's cache does, said as plainly as possible: a map of values, a map of loads, and no regard for cost. A place is
 * a path and a key, `acme/alice#k`; a scope reaches what begins with its path.
 */
export class ReferenceModel {
  now = 0
  readonly open: OpenLoad[] = []
  readonly #values = new Map<string, { value: number; until: number; tags: readonly string[] }>()
  readonly #loads = new Map<string, OpenLoad>()

  get(place: string): number | undefined {
    const kept = this.#values.get(place)
    return kept !== undefined && this.now < kept.until ? kept.value : undefined
  }

  set(place: string, value: number, ttl: number, tags: readonly string[]): void {
    this.#values.set(place, { value, until: this.now + ttl, tags })
    this.#replace(place)
  }

  delete(place: string): boolean {
    const there = this.get(place) !== undefined
    this.#values.delete(place)
    this.#replace(place)
    return there
  }

  invalidate(scope: string): void {
    for (const place of [...this.#values.keys()]) if (reaches(scope, place)) this.#values.delete(place)
    for (const place of [...this.#loads.keys()]) if (reaches(scope, place)) this.#loads.delete(place)
  }

  invalidateTags(scope: string, tags: readonly string[]): void {
    if (tags.length === 0) return
    for (const [place, { tags: carried }] of [...this.#values]) {
      if (reaches(scope, place) && carried.some((tag) => tags.includes(tag))) this.#values.delete(place)
    }
    for (const load of this.open) {
      if (!reaches(scope, load.place)) continue
      load.joinable = false
      for (const tag of tags) load.marks.add(tag)
    }
  }

  getOrSet(place: string, caller: Caller, refresh: boolean): void {
    if (refresh) this.#lead(place, caller)
    else this.#look(place, [caller])
  }

  getOrSetSync(place: string, caller: Caller): void {
    const value = this.get(place)
    if (value !== undefined) return void (caller.outcome = { value })
    // It takes the place of a load under way, whose waiters look again when that ends.
    this.#loads.delete(place)
    if (caller.kind === 'throw') return void (caller.outcome = { error: caller.value })
    this.#values.set(place, { value: caller.value, until: this.now + caller.ttl, tags: caller.tags })
    caller.outcome = { value: caller.value }
  }

  /** Whether time may pass without anybody losing patience: that is told elsewhere. */
  canPass(ms: number): boolean {
    return this.open.every((load) => load.waiters.every(({ joinedAt }) => this.now + ms - joinedAt < 5000))
  }

  /** A slow load ends. */
  end(load: OpenLoad, ok: boolean): void {
    this.open.splice(this.open.indexOf(load), 1)
    const { place, caller } = load
    caller.outcome = ok ? { value: caller.value } : { error: caller.value }
    const registered = this.#loads.get(place)
    let heir: OpenLoad | undefined = load
    while (heir !== undefined && heir !== registered) heir = heir.heir
    if (registered === load) this.#loads.delete(place)
    if (ok && heir !== undefined && !caller.tags.some((tag) => load.marks.has(tag))) {
      this.#values.set(place, { value: caller.value, until: this.now + caller.ttl, tags: caller.tags })
      for (const waiter of [...load.waiters, ...heir.waiters.splice(0)]) waiter.outcome = caller.outcome
    } else if (!ok) {
      for (const waiter of load.waiters) waiter.outcome = caller.outcome
    } else {
      this.#lookAgain(place, load.waiters)
    }
  }

  /** What was written or deleted is newer than what a load brings; who waits for that looks again at once. */
  #replace(place: string): void {
    const load = this.#loads.get(place)
    if (load === undefined) return
    this.#loads.delete(place)
    this.#lookAgain(place, load.waiters.splice(0))
  }

  #lookAgain(place: string, callers: readonly Caller[]): void {
    for (const caller of callers) caller.attempts++
    for (const caller of callers)
      if (caller.attempts === ATTEMPTS && this.get(place) === undefined) this.#alone(place, caller)
    this.#look(
      place,
      callers.filter(({ attempts }) => attempts < ATTEMPTS || this.get(place) !== undefined),
    )
  }

  /** Callers who come at the same time: they hit, or wait for the load under way, or the first of them leads. */
  #look(place: string, callers: readonly Caller[]): void {
    const value = this.get(place)
    const [first, ...rest] = callers
    if (first === undefined) return
    if (value !== undefined) {
      for (const caller of callers) caller.outcome = { value }
      return
    }
    const load = this.#loads.get(place)
    if (load?.joinable === true) return this.#join(load, callers)
    const led = this.#lead(place, first)
    if (led !== undefined) return this.#join(led, rest)
    for (const caller of rest) caller.outcome = first.outcome as NonNullable<Caller['outcome']>
  }

  #join(load: OpenLoad, callers: readonly Caller[]): void {
    for (const caller of callers) caller.joinedAt = this.now
    load.waiters.push(...callers)
  }

  /** Loads; gives the load where it stays open. */
  #lead(place: string, caller: Caller): OpenLoad | undefined {
    const load: OpenLoad = { place, caller, waiters: [], marks: new Set(), joinable: true }
    const before = this.#loads.get(place)
    if (before !== undefined) before.heir = load
    this.#loads.set(place, load)
    this.open.push(load)
    if (caller.kind === 'slow') return load
    this.end(load, caller.kind === 'ok')
    return undefined
  }

  #alone(place: string, caller: Caller): void {
    if (caller.kind === 'slow') this.open.push({ place, caller, waiters: [], marks: new Set(), joinable: false })
    else caller.outcome = caller.kind === 'ok' ? { value: caller.value } : { error: caller.value }
  }
}

function reaches(scope: string, place: string): boolean {
  return scope === '' || place.startsWith(`${scope}/`) || place.startsWith(`${scope}#`)
}
