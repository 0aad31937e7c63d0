import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GetOrSetOptions, Scope, ScopedCache } from '@cacheado/core'
import { acme, alice, testCache } from '../support/caches.js'
import { watch, type Watched } from '../support/hand-loader.js'
import { SEED } from '../support/seed.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const SCHEDULES = 120

/**
 * A database with one row, whose version only grows, and a cache in front of it. The scheduler decides what happens next wherever
 * somebody waits. Who asks after an invalidation was acknowledged must not get a version from before it.
 */
class World {
  readonly made = testCache({ ttl: 100 })
  readonly cache: ScopedCache = this.made.cache
  readonly scope: Scope = this.cache.at('user', alice)
  readonly violations: string[] = []
  version = 0
  acknowledged = 0
  /** Invalidations, deletes and sets: a load that began before one of them may run beside one that began after it. */
  #epoch = 0
  #alone = 0
  readonly #running = new Map<object, string>()

  constructor(
    readonly scheduler: fc.Scheduler,
    readonly failures: readonly boolean[],
    readonly options: GetOrSetOptions<number>,
  ) {
    // A neighbour: without one the scope would leave memory with the key, and old loads with it.
    this.scope.sync.set('neighbour', 0, { ttl: 'max' })
    this.cache.on('bypass', ({ reason }) => {
      if (reason === 'not-shareable') this.#alone++
    })
  }

  /** Somebody waits here, for as long as the scheduler likes. */
  step(label: string): Promise<unknown> {
    return this.scheduler.schedule(Promise.resolve(), label)
  }

  /** What the world looks like changes so that loads before and after may overlap. */
  turn(): void {
    this.#epoch++
  }

  load = async (key = 'k'): Promise<number> => {
    const run = this.#begin(key)
    try {
      await this.step('the load begins')
      const read = this.version
      await this.step('the load ends')
      if (this.failures[read % this.failures.length] === true) throw new Error('database down')
      return read
    } finally {
      this.#running.delete(run)
    }
  }

  /** Reads once, as a caller that may not get what is older than what was acknowledged before it asked. */
  async read(ask: () => Promise<number | undefined> | number | undefined = this.ask): Promise<void> {
    await this.step('a reader comes')
    const floor = this.acknowledged
    try {
      const got = await ask()
      if (got !== undefined && got < floor) this.violations.push(`got ${got} after ${floor} was acknowledged`)
    } catch (error) {
      if ((error as Error).message !== 'database down') throw error
    }
  }

  ask = (): Promise<number> => this.scope.getOrSet('k', () => this.load(), this.options)

  /** Writes once, then removes what is cached of it. */
  async write(remove: () => unknown): Promise<void> {
    await this.step('a writer comes')
    const written = ++this.version
    await this.step('it has written')
    this.turn()
    await remove()
    this.acknowledged = Math.max(this.acknowledged, written)
  }

  async pass(ms: number): Promise<void> {
    await this.step(`${ms} ms pass`)
    if (ms >= 5000) this.turn()
    this.made.clock.advance(ms)
  }

  #begin(key: string): object {
    const run = {}
    const stamp = this.#alone > 0 ? `alone ${this.#alone--}` : `${key} since ${this.#epoch}`
    if (!stamp.startsWith('alone') && [...this.#running.values()].includes(stamp))
      this.violations.push(`two loads of ${stamp}`)
    this.#running.set(run, stamp)
    return run
  }
}

interface Scenario {
  readonly options?: GetOrSetOptions<number>
  /** What happens, all at once; each starts a chain of events. */
  readonly actors: (world: World) => (() => Promise<unknown>)[]
}

const readers = (world: World, count: number) => Array.from({ length: count }, () => () => world.read())
const writers = (world: World, count: number, remove: () => unknown) =>
  Array.from({ length: count }, () => () => world.write(remove))

const SCENARIOS: Record<string, Scenario> = {
  'load × invalidate': {
    actors: (world) => [...readers(world, 4), ...writers(world, 3, () => world.scope.invalidate())],
  },
  'load × delete': {
    actors: (world) => [...readers(world, 4), ...writers(world, 3, () => world.scope.delete('k'))],
  },
  'load × set': {
    actors: (world) => [...readers(world, 4), ...writers(world, 3, () => world.scope.set('k', world.version))],
  },
  'load × tags of the policy': {
    options: { tags: ['row'] },
    actors: (world) => [
      ...readers(world, 4),
      ...writers(world, 2, () => world.scope.invalidateTags(['row'])),
      ...writers(world, 1, () => world.cache.at('organization', acme).invalidateTags(['other', 'row'])),
    ],
  },
  'load × tags decided from the value': {
    actors: (world) => {
      const ask = () =>
        world.scope.getOrSet<number>('k', async (context) => {
          const read = await world.load()
          context.tags(`version ${read % 2}`, 'row')
          return read
        })
      return [
        ...Array.from({ length: 4 }, () => () => world.read(ask)),
        ...writers(world, 3, () => world.scope.invalidateTags(['row'])),
      ]
    },
  },
  'load × invalidate above × clear': {
    actors: (world) => [
      ...readers(world, 4),
      ...writers(world, 2, () => world.cache.at('organization', acme).invalidate()),
      ...writers(world, 1, () => world.cache.clear()),
    ],
  },
  'load × expire × invalidate': {
    actors: (world) => [
      ...readers(world, 5),
      () => world.pass(100),
      () => world.pass(60),
      () => world.pass(60),
      ...writers(world, 2, () => world.scope.invalidate()),
    ],
  },
  'stale while revalidating × expire × delete': {
    options: { staleWhileRevalidate: 1000, refreshAhead: 50 },
    actors: (world) => [
      ...readers(world, 6),
      () => world.pass(60),
      () => world.pass(60),
      ...writers(world, 2, () => world.scope.delete('k')),
      ...writers(world, 1, () => world.scope.invalidate()),
    ],
  },
  'stale if error × soft timeout × failing loads × invalidate': {
    options: { staleIfError: 1000, softTimeout: 20 },
    actors: (world) => [
      ...readers(world, 6),
      () => world.pass(100),
      () => world.pass(30),
      () => world.pass(30),
      ...writers(world, 2, () => world.scope.invalidate()),
      ...writers(world, 1, () => world.scope.delete('k')),
    ],
  },
  'slow load × those who lose patience × invalidate × set': {
    actors: (world) => [
      ...readers(world, 6),
      () => world.pass(5000),
      () => world.pass(5000),
      ...writers(world, 1, () => world.scope.invalidate()),
      ...writers(world, 1, () => world.scope.delete('k')),
      ...writers(world, 1, () => world.scope.set('k', world.version)),
    ],
  },
  'load of many × delete of one × invalidate': {
    actors: (world) => {
      const many = async () => {
        const values = await world.scope.getOrSetMany(['k', 'l'], async (missing) => {
          const read = await world.load(missing.join())
          return missing.map(() => read)
        })
        return Math.min(...values)
      }
      return [
        ...Array.from({ length: 4 }, () => () => world.read(many)),
        ...writers(world, 2, () => Promise.all([world.scope.delete('k'), world.scope.delete('l')])),
        ...writers(world, 1, () => world.scope.invalidate()),
      ]
    },
  },
  'load × synchronous load × get × delete': {
    actors: (world) => [
      ...readers(world, 3),
      ...Array.from(
        { length: 2 },
        () => () =>
          world.read(() => {
            world.turn()
            return world.scope.sync.getOrSet('k', () => world.version)
          }),
      ),
      () => world.read(() => world.scope.get<number>('k')),
      ...writers(world, 3, () => world.scope.sync.delete('k')),
    ],
  },
  'load × refresh × invalidate': {
    actors: (world) => [
      ...readers(world, 3),
      ...Array.from(
        { length: 2 },
        () => () =>
          world.read(() => {
            world.turn()
            return world.scope.getOrSet('k', () => world.load(), { refresh: true })
          }),
      ),
      ...writers(world, 2, () => (world.turn(), world.scope.invalidate())),
    ],
  },
  'load × transactions that commit or fail': {
    actors: (world) => {
      const commit = () =>
        world.cache.deferInvalidations(async () => {
          await world.scope.delete('k')
          await world.cache.at('organization', acme).invalidate()
          await world.step('the transaction commits')
        })
      world.cache.on('invalidate', () => world.turn())
      const fail = async () => {
        await world.step('a transaction begins')
        const doomed = world.cache.deferInvalidations(async () => {
          await world.cache.clear()
          await world.step('the transaction fails')
          throw new Error('rolled back')
        })
        await doomed.catch(() => {})
      }
      return [...readers(world, 4), ...writers(world, 2, commit), fail]
    },
  },
  'load × results that are not kept × delete': {
    actors: (world) => {
      const ask = () =>
        world.scope.getOrSet<number>('k', async (context) => {
          const read = await world.load()
          if (read % 2 === 1) context.skip()
          return read
        })
      return [
        ...Array.from({ length: 4 }, () => () => world.read(ask)),
        ...writers(world, 3, () => world.scope.delete('k')),
      ]
    },
  },
  'load in a namespace × invalidate of the namespace': {
    actors: (world) => {
      const group = world.cache.namespace('group')
      const ask = () => group.at('user', alice).getOrSet('k', () => world.load())
      return [
        ...Array.from({ length: 4 }, () => () => world.read(ask)),
        ...writers(world, 2, () => group.invalidate()),
        ...writers(world, 1, () => group.at('organization', acme).invalidate()),
      ]
    },
  },
}

describe(`whatever the order of events (seed ${SEED})`, () => {
  it.each(Object.entries(SCENARIOS))(
    '%s: nobody gets what was invalidated before, everybody gets something, one load at a time',
    async (_name, scenario) => {
      const run = async (scheduler: fc.Scheduler, failures: boolean[], drained: boolean) => {
        const failing = scenario.options?.staleIfError === undefined ? [false] : failures
        const world = new World(scheduler, failing, scenario.options ?? {})
        const actors = scenario.actors(world).map((act) => watch(act()))
        await untilQuiet(world, actors, drained)
        expect(actors.filter(({ state }) => state !== 'fulfilled')).toEqual([])
        await world.cache.settled()
        const kept = await world.scope.get<number>('k')
        if (kept !== undefined && kept < world.acknowledged) world.violations.push(`keeps ${kept}`)
        expect(world.violations).toEqual([])
        expect(world.cache.stats().inFlight).toBe(0)
      }
      const property = fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        run,
      )
      await fc.assert(property, { seed: SEED, numRuns: SCHEDULES })
    },
  )
})

/** Lets everything happen: first what the scheduler holds, then what only waits for time to pass. */
async function untilQuiet(world: World, actors: readonly Watched<unknown>[], drained: boolean): Promise<void> {
  for (let patience = 0; patience < 20; patience++) {
    while (world.scheduler.count() > 0) {
      await world.scheduler.waitNext(1)
      if (drained || world.scheduler.count() === 0) await settle()
    }
    if (actors.every(({ state }) => state !== 'pending')) return
    world.turn()
    world.made.clock.advance(5000)
    await settle()
  }
}
