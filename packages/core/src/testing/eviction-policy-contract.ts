import type { Evictable, EvictionPolicy, EvictionQueue } from '../memory/eviction-policy.js'
import { seededRandom } from './seeded-random.js'

/** One thing that every eviction policy has to do. */
export interface ContractCheck {
  /** A sentence about it: the test's name. */
  readonly name: string
  /** Throws an `Error` that says what went wrong. */
  readonly run: () => void
}

/**
 * What every eviction policy has to do, for any test runner: each check throws where the policy fails it. Whom a policy names
 * first is its own affair.
 *
 * @param policy as passed to `memory.policy`
 * @param seed of the random operations, named by the error. Default: 1
 * @example
 * ```ts
 * describe('my policy', () => {
 *   for (const check of evictionPolicyContract(myPolicy)) it(check.name, check.run)
 * })
 * ```
 */
export function evictionPolicyContract(policy: EvictionPolicy, seed = 1): readonly ContractCheck[] {
  const check = (name: string, run: () => void): ContractCheck => ({ name, run })
  return [
    check('has a name', () => demand(typeof policy.name === 'string' && policy.name !== '', 'name is no text')),
    check('names nobody while it holds nobody', () =>
      demand(open(policy).victim() === undefined, 'a stranger was named'),
    ),
    check('makes a new queue for each budget', () => separateQueues(policy)),
    check('names somebody it holds, and holds it until it is removed', () => victimsStay(policy)),
    check('names each entry once while victims leave', () => Held.of(policy, 50).drain()),
    check('lets any entry leave, wherever it stands', () => anyCanLeave(policy)),
    check('loses and doubles nothing that is read', () => readingKeeps(policy)),
    check('can be filled again after it was empty', () => refills(policy)),
    check('holds through random operations', () => randomOperations(policy, seed)),
  ]
}

function separateQueues(policy: EvictionPolicy): void {
  const one = Held.of(policy, 3)
  demand(open(policy).victim() === undefined, 'two budgets share one queue')
  const other = Held.of(policy, 3)
  one.drain()
  other.drain()
}

function victimsStay(policy: EvictionPolicy): void {
  const held = Held.of(policy, 10)
  for (let times = 0; times < 30; times++) held.victim()
  held.drain()
}

function anyCanLeave(policy: EvictionPolicy): void {
  for (const at of [0, 1, 5, 8, 9]) {
    const held = Held.of(policy, 10)
    held.remove(held.entry(at))
    held.drain()
  }
}

function readingKeeps(policy: EvictionPolicy): void {
  const held = Held.of(policy, 10)
  for (const at of [9, 0, 0, 5, 5, 5, 1, 9, 0, 7]) held.touch(held.entry(at))
  held.victim()
  for (const at of [3, 3, 8]) held.touch(held.entry(at))
  held.drain()
}

function refills(policy: EvictionPolicy): void {
  const held = Held.of(policy, 5)
  held.touch(held.entry(2))
  held.drain()
  for (let count = 0; count < 5; count++) held.add()
  held.drain()
}

function randomOperations(policy: EvictionPolicy, seed: number): void {
  const random = seededRandom(seed)
  const held = Held.of(policy, 0)
  for (let step = 0; step < 5000; step++) {
    const at = Math.floor(random() * held.size)
    const dice = random()
    try {
      if (held.size === 0 || dice < 0.35) held.add()
      else if (dice < 0.7) held.touch(held.entry(at))
      else if (dice < 0.85) held.remove(held.entry(at))
      else held.remove(held.victim())
    } catch (error) {
      throw new Error(`${(error as Error).message} (seed ${seed}, step ${step})`, { cause: error })
    }
  }
  held.drain()
}

/** A queue beside a plain list of what it has to hold. */
class Held {
  readonly #queue: EvictionQueue
  readonly #entries: Evictable[] = []
  #added = 0

  private constructor(queue: EvictionQueue) {
    this.#queue = queue
  }

  static of(policy: EvictionPolicy, count: number): Held {
    const held = new Held(open(policy))
    for (let added = 0; added < count; added++) held.add()
    return held
  }

  get size(): number {
    return this.#entries.length
  }

  entry(at: number): Evictable {
    return this.#entries[at] as Evictable
  }

  add(): void {
    const entry = { before: undefined, after: undefined, rank: 0, key: this.#added++, bytes: 100 }
    this.#entries.push(entry)
    this.#queue.add(entry)
    this.victim()
  }

  touch(entry: Evictable): void {
    this.#queue.touch(entry)
    this.victim()
  }

  remove(entry: Evictable): void {
    this.#queue.remove(entry)
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    if (this.size > 0) this.victim()
    else demand(this.#queue.victim() === undefined, 'the last entry left and somebody was named')
  }

  victim(): Evictable {
    const victim = this.#queue.victim()
    demand(victim !== undefined, 'nobody was named although entries are held')
    demand(this.#entries.includes(victim), 'an entry was named that is not held')
    return victim
  }

  drain(): void {
    while (this.size > 0) this.remove(this.victim())
  }
}

function open(policy: EvictionPolicy): EvictionQueue {
  return policy.createQueue()
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}
