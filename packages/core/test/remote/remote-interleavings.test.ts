import type { Scope, ScopedCache } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { SEED } from '../support/seed.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, type Cluster } from './cluster.js'
import { Interleaving } from './interleaving.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

expectNoUnhandledRejection()

const NODES = 2
/** Schedules on one pair of processes; each has a tenant of its own. */
const SHARED = 50

/**
 * What happens at the same time, each in the process of that number: the value of one key of one user is read, loaded, written,
 * deleted, invalidated. `keep` comes before, undisturbed.
 */
const SCENARIOS: Record<string, string> = {
  'a fill and an invalidation of the same process': '0 fill, 0 invalidate, 0 get',
  'a fill and an invalidation of another process': '0 fill, 1 invalidate, 0 get, 1 get',
  'a fill and an invalidation of the organization above': '0 keep, 0 refresh, 1 invalidate-above, 0 fill, 1 fill',
  'a fill and a delete': '0 fill, 1 delete, 0 get, 1 fill',
  'a fill and a write': '0 fill, 1 set, 0 get, 1 get',
  'a promotion and an invalidation': '0 keep, 1 get, 0 invalidate, 1 get',
  'a promotion and a write': '0 keep, 1 get, 0 set, 1 get',
  'a promotion and a delete': '0 keep, 1 get, 0 delete, 1 get, 1 fill',
  'a write and an invalidation of the same process': '0 keep, 0 set, 0 invalidate, 1 get, 0 get',
  'two writes': '0 keep, 1 keep, 0 set, 1 set, 0 get, 1 get',
  'a write and a delete': '0 keep, 0 set, 1 delete, 0 fill, 1 get',
  'a delete, a write and another delete of one process': '0 keep, 0 delete, 0 set, 0 delete, 1 get',
  'a fill and an invalidation of its tag': '0 fill, 1 invalidate-tag, 0 get, 1 fill',
  'a fill and an invalidation of its tag by the same process': '0 keep, 0 fill, 0 invalidate-tag, 1 get, 0 fill',
  'a write and an invalidation of its tag': '0 keep, 0 set, 0 invalidate-tag, 1 get',
  'two invalidations and a fill': '0 keep, 0 invalidate, 1 invalidate, 0 fill, 1 fill',
  'two invalidations of tags and a fill': '0 keep, 0 invalidate-tag, 1 invalidate-tag, 0 fill, 1 get',
  'the end of a lifetime, a reload and an invalidation': '0 keep, 0 expire, 0 fill, 1 fill, 1 invalidate',
  'a stale value, its reload and an invalidation': '0 keep-stale, 0 fill, 1 fill, 0 invalidate, 1 get',
  'a lost stamp, a fill and an invalidation': '0 keep, 0 evict, 0 fill, 1 fill, 1 invalidate',
  'a lost key, a fill and a write': '0 keep, 1 flush, 0 refresh, 1 set, 0 get',
  'an acknowledgement that comes too late': '0 keep, 0 late, 0 invalidate, 1 fill, 0 fill',
  'a write whose acknowledgement comes too late': '0 keep, 0 late, 0 set, 1 delete, 1 get, 0 get',
  'everything at once': '0 fill, 1 refresh, 0 set, 1 delete, 0 invalidate, 1 invalidate-tag',
}

/** One operation that changes the truth. */
interface Change {
  readonly node: number
  readonly version: number
  readonly isWrite: boolean
  /** The oldest version that may be given once it is done: that of a write it met. */
  oldest: number
  over: boolean
}

/** One schedule. */
class Run {
  truth = 1
  readonly #changes: Change[] = []
  readonly #floors = Array.from({ length: NODES }, () => 0)
  /** Floors that other nodes have when they have got so many messages. */
  readonly #coming: { readonly node: number; readonly floor: number; readonly messages: number }[] = []
  readonly reads: Promise<void>[] = []

  constructor(
    readonly made: Cluster,
    readonly order: Interleaving,
    readonly organization: string,
  ) {}

  scope(node: number): Scope<number> {
    const { organization } = this
    return this.made.node(node).cache.namespace<number>('n').at('user', { organization, user: 'alice' })
  }

  floor(node: number): number {
    const heard = this.#coming.filter(
      (each) => each.node === node && (this.order.delivered[node] ?? 0) >= each.messages,
    )
    return Math.max(this.#floors[node] as number, ...heard.map(({ floor }) => floor))
  }

  /** A read gives nothing older than what this node knew when it began. */
  async read(node: number, what: string, ask: () => Promise<number | undefined>): Promise<void> {
    const floor = this.floor(node)
    const found = await ask()
    if (found !== undefined && found < floor)
      throw new Error(`${what} of node ${node} gave ${found}, ${floor} was known`)
  }

  async change(node: number, isWrite: boolean, act: (version: number) => Promise<unknown>): Promise<void> {
    const change: Change = { node, version: ++this.truth, isWrite, oldest: this.truth, over: false }
    for (const other of this.#changes) if (!other.over) meet(change, other)
    this.#changes.push(change)
    await act(change.version)
    change.over = true
    this.#floors[node] = Math.max(this.#floors[node] as number, change.oldest)
    // What waits in the queue of this node has not been said yet.
    if ((this.made.node(node).cache.health().remote?.queued ?? 0) > 0) return
    for (let other = 0; other < NODES; other++) {
      if (other !== node) this.#coming.push({ node: other, floor: change.oldest, messages: this.order.sent })
    }
  }

  /** What everybody has to know in the end. */
  get settled(): number {
    return Math.max(0, ...this.#changes.map(({ oldest }) => oldest))
  }

  load = (): Promise<number> => {
    const version = this.truth
    return this.order.step('load', () => version)
  }
}

/** Reads at the end of all schedules: a cache that keeps nothing is never wrong (oracle O-5). */
const reads = { total: 0, hits: 0 }

/** Two changes at the same time: a write may come after the other one, whichever began first. */
function meet(one: Change, other: Change): void {
  if (other.isWrite) one.oldest = Math.min(one.oldest, other.version)
  if (one.isWrite) other.oldest = Math.min(other.oldest, one.version)
}

const POLICY = { ttl: 60_000, tags: ['t'] }

const ACTS: Record<string, (run: Run, node: number) => Promise<void>> = {
  get: (run, node) => run.read(node, 'get', () => run.scope(node).get('k')),
  fill: (run, node) => run.read(node, 'fill', () => run.scope(node).getOrSet('k', run.load, POLICY)),
  refresh: (run, node) =>
    run.read(node, 'refresh', () => run.scope(node).getOrSet('k', run.load, { ...POLICY, refresh: true })),
  set: (run, node) => run.change(node, true, (version) => run.scope(node).set('k', version, POLICY)),
  delete: (run, node) => run.change(node, false, () => run.scope(node).delete('k')),
  invalidate: (run, node) => run.change(node, false, () => run.scope(node).invalidate()),
  'invalidate-above': (run, node) =>
    run.change(node, false, () =>
      run.made.node(node).cache.at('organization', { organization: run.organization }).invalidate(),
    ),
  'invalidate-tag': (run, node) => run.change(node, false, () => run.scope(node).invalidateTags(['t'])),
  expire: async (run) => run.made.clock.advance(60),
  evict: async ({ made: { engine }, organization }) => {
    for (const key of engine.keys()) if (key.includes(`${organization}}`) && key.includes('|#')) engine.evict(key)
  },
  flush: async (run) => run.made.engine.flush(),
  late: async (run) => run.made.clock.advance(300),
}

/** What comes before, undisturbed. */
const BEFORE: Record<string, (run: Run, node: number) => Promise<unknown>> = {
  keep: (run, node) => run.scope(node).set('k', run.truth, { ...POLICY, ttl: 50 }),
  'keep-stale': async (run, node) => {
    await run.scope(node).set('k', run.truth, { ...POLICY, ttl: 10, staleWhileRevalidate: 60_000 })
    run.made.clock.advance(20)
  },
}

async function interleave(run: Run, scenario: string, random: () => number): Promise<void> {
  const { order } = run
  const actors: string[] = []
  for (const actor of scenario.split(', ')) {
    const [node, what] = actor.split(' ') as [string, string]
    if (BEFORE[what] === undefined) actors.push(actor)
    else await BEFORE[what](run, Number(node))
    await settle()
  }
  // A write that was given up, and is done after a later one: no store could prevent that, one connection does.
  order.begin(random, scenario.includes('late'))
  const failures: unknown[] = []
  let left = actors.length
  for (const actor of actors) {
    const [node, what] = actor.split(' ') as [string, string]
    order.add(actor, () => {
      const over = () => void left--
      ;(ACTS[what] as (typeof ACTS)[string])(run, Number(node)).then(over, (error: unknown) => {
        failures.push(error)
        over()
      })
    })
  }
  await happen(order, random)
  order.gated = false
  if (left > 0) throw new Error(`${left} calls never ended`)
  if (failures.length > 0) throw failures[0] as Error
  await agrees(run)
}

/** Lets everything happen. Now and then the next thing comes before all promises that wait for the last one have settled. */
async function happen(order: Interleaving, random: () => number): Promise<void> {
  do await settle()
  while (await some(order, random))
}

async function some(order: Interleaving, random: () => number): Promise<boolean> {
  if (!order.next()) return false
  do {
    for (let promises = Math.floor(random() * 16); promises > 0; promises--) await undefined
  } while (order.next())
  return true
}

/** In the end everybody has heard of everything. */
async function agrees(run: Run): Promise<void> {
  const found: (number | undefined)[] = []
  if (run.made.nodes.some(({ cache }) => troubled(cache))) await run.made.pass(5000)
  for (let round = 0; round < 2; round++) {
    for (let node = 0; node < NODES; node++) {
      const value = await run.scope(node).get('k')
      found.push(value)
      reads.total++
      if (value !== undefined) reads.hits++
      if (value !== undefined && value < run.settled)
        throw new Error(`node ${node} has ${value}, ${run.settled} is known`)
    }
    // The second time what is in memory is compared with the store: is that as new?
    if (round === 0) run.made.clock.advance(31_000)
  }
  const different = new Set(found.filter((value) => value !== undefined))
  if (different.size > 1) throw new Error(`the nodes have ${[...different].join(' and ')}`)
}

/** Whether something waits for the store, or was given up: all is well within five seconds. */
function troubled(cache: ScopedCache): boolean {
  const remote = cache.health().remote
  return remote?.status !== 'ok' || remote.queued > 0 || (cache.stats().remote?.timeouts ?? 0) > 0
}

describe(`whatever the order of what happens at once (seed ${SEED})`, () => {
  const schedules = Number(process.env['CACHEADO_SCHEDULES'] ?? Math.ceil(100_000 / Object.keys(SCENARIOS).length))
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`${name}: nobody reads what is older than he knew, ${schedules} times`, async () => {
      for (let at = 0; at < schedules; at += SHARED) {
        const order = new Interleaving()
        const made = await cluster({ wrap: (store, node) => order.store(store, node) })
        for (let each = at; each < Math.min(schedules, at + SHARED); each++) {
          await interleave(new Run(made, order, `o${each}`), scenario, seededRandom(SEED + each)).catch(
            (error: unknown) => {
              throw new Error(`schedule ${each}:\n  ${order.trace.join('\n  ')}`, { cause: error })
            },
          )
        }
        await made.close()
      }
      expect(schedules).toBeGreaterThan(0)
    }, 120_000)
  }

  it('and enough is kept for that to say something', () => {
    console.log(`${reads.hits} of ${reads.total} reads at the end of a schedule found something`)
    expect(reads.hits / reads.total).toBeGreaterThan(0.25)
  })
})
