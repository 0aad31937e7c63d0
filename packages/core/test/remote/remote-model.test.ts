import type { GetOrSetOptions, Load, RemoteHealth, Scope, ScopedCache } from '@cacheado/core'
import type { FaultPlan } from '@cacheado/core/testing'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watch } from '../support/hand-loader.js'
import { SEED } from '../support/seed.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, type Cluster } from './cluster.js'
import { GRAIN, placeOf, ReferenceModel, type BusFault, type Site, type StoreFault } from './reference-model.js'

expectNoUnhandledRejection()

/** Each key with the tags of what is kept under it. */
const TAGS: Record<string, readonly string[]> = { a: ['s'], b: ['s', 't'], c: [] }
/** Few, so that what is done to one is seen by the next: most often it is one of the first. */
const SITES: readonly Site[] = [
  { scope: 'acme/alice', space: '', key: 'a' },
  { scope: 'acme/alice', space: 'n', key: 'b' },
  { scope: 'acme', space: '', key: 'b' },
  { scope: 'acme/alice', space: '', key: 'c' },
  { scope: '', space: 'n', key: 'a' },
  { scope: 'globex', space: '', key: 'a' },
]

/** What each fault of a store does. */
const FAULTS: Record<StoreFault, FaultPlan | undefined> = {
  ok: undefined,
  // Not a plan for everything: that would lose messages, too.
  refuse: { getMany: 'refuse', set: 'refuse', create: 'refuse', replace: 'refuse', publish: 'refuse' },
  hang: { getMany: 'hang', set: 'hang', create: 'hang', replace: 'hang', publish: 'hang' },
  unacknowledged: { set: 'fail', create: 'fail', replace: 'fail', publish: 'fail' },
  'read-only': { set: 'refuse', create: 'refuse', replace: 'refuse' },
  slow: { getMany: 'delay', set: 'delay', create: 'delay', replace: 'delay', publish: 'delay' },
  corrupt: { getMany: 'corrupt' },
}
/** No call may wait longer, in milliseconds: a read and a write deadline, and a read before them. */
const PATIENCE = 500
/** A store finds out within that time that its bus is lost; see `BusListener.down`. */
const NOTICED = 2000

class Failure extends Error {}

/** A call that waits for its loader. */
interface OpenCall {
  readonly site: Site
  readonly slow: boolean
  readonly floor: number
  readonly outcome: Promise<unknown>
  over: boolean
}

/** A loader that waits for the test. */
interface OpenLoad {
  end(ok: boolean): void
}

class Real {
  readonly calls: OpenCall[] = []
  readonly loads: OpenLoad[] = []

  constructor(
    readonly made: Cluster,
    readonly model: ReferenceModel,
  ) {}

  scope(node: number, { scope, space }: Pick<Site, 'scope' | 'space'>): Scope<number> {
    const { cache } = this.made.node(node)
    const from: Pick<ScopedCache, 'at' | 'global'> = space === '' ? cache : cache.namespace(space)
    const [organization, user] = scope.split('/')
    if (scope === '') return from.global
    const ids = user === undefined ? { organization } : { organization, user }
    return from.at(user === undefined ? 'organization' : 'user', ids)
  }

  /** Waits for a call; where it waits for the store, time goes on. */
  async done<T>(call: Promise<T>): Promise<T> {
    const watched = watch(call)
    await settle()
    for (let waited = 0; watched.state === 'pending' && waited < PATIENCE; waited += GRAIN) await this.pass(GRAIN)
    if (watched.state === 'pending') throw new Error(`a call waits for longer than ${PATIENCE} ms`)
    await settle()
    return call
  }

  /** Whether something loads, or is about to, until the test ends that. */
  get busy(): boolean {
    return this.loads.length > 0 || this.calls.some(({ slow, over }) => slow && !over)
  }

  health(node: number): RemoteHealth {
    return this.made.node(node).cache.health().remote as RemoteHealth
  }

  async pass(ms: number): Promise<void> {
    await this.made.pass(ms)
    this.model.passed()
  }
}

interface Step {
  readonly node: number
  readonly site: Site
  readonly ttl: number
  readonly window: number
  readonly number: number
}

type Act = (model: ReferenceModel, real: Real, step: Step) => Promise<void>

class Command implements fc.AsyncCommand<ReferenceModel, Real> {
  constructor(
    readonly name: string,
    readonly step: Step,
    readonly act: Act,
    readonly possible: (model: ReferenceModel, step: Step) => boolean,
  ) {}

  check(model: Readonly<ReferenceModel>): boolean {
    return this.possible(model as ReferenceModel, this.#on(model))
  }

  async run(model: ReferenceModel, real: Real): Promise<void> {
    await this.act(model, real, this.#on(model))
    await settle()
  }

  /** Of two nodes, the third is the first. */
  #on({ nodes }: Readonly<ReferenceModel>): Step {
    return { ...this.step, node: this.step.node % nodes }
  }

  toString(): string {
    const { node, site, ttl, window, number } = this.step
    return `${this.name}(node ${node}, ${placeOf(site)}, ttl ${ttl}, window ${window}, ${number})`
  }
}

function judge(model: ReferenceModel, floor: number, site: Site, found: number | undefined): void {
  const place = placeOf(site)
  if (model.expects(place)) {
    model.eligible++
    if (found !== undefined) model.hits++
    // Without any fault there is nothing to excuse a miss.
    if (model.calm) expect(found, `a miss of ${place}`).not.toBeUndefined()
  }
  if (found !== undefined) expect(model.refuses(floor, place, found)).toBeUndefined()
}

const read =
  (ask: (scope: Scope<number>, key: string) => Promise<number | undefined>): Act =>
  async (model, real, { node, site }) => {
    const floor = model.floor(node, placeOf(site))
    judge(model, floor, site, await real.done(ask(real.scope(node, site), site.key)))
  }

const getMany: Act = async (model, real, { node, site }) => {
  const sites = SITES.filter(({ scope, space }) => scope === site.scope && space === site.space)
  const keys = sites.map(({ key }) => key)
  const floors = sites.map((each) => model.floor(node, placeOf(each)))
  const found = await real.done(real.scope(node, site).getMany(keys))
  for (const [at, each] of sites.entries()) judge(model, floors[at] as number, each, found[at])
}

/** A `getOrSet` whose loader is what the truth says when it is asked. */
const load =
  (kind: 'ok' | 'throw' | 'slow', options: GetOrSetOptions = {}): Act =>
  async (model, real, { node, site, ttl, window }) => {
    const place = placeOf(site)
    const floor = model.floor(node, place)
    const expected = model.expects(place)
    let loaded = false
    const loader: Load<number> = () => {
      loaded = true
      const version = model.current(place)
      if (kind === 'throw') throw new Failure()
      if (kind === 'ok') {
        model.keeps(place, version, ttl, window)
        return version
      }
      // While it runs nobody knows what becomes of it.
      model.forgets(place)
      return new Promise<number>((resolve, reject) => {
        real.loads.push({
          end(ok) {
            model.keeps(place, version, ttl, window)
            model.forgets(place)
            if (ok) resolve(version)
            else reject(new Failure())
          },
        })
      })
    }
    const tags = TAGS[site.key] as readonly string[]
    const policy = { ttl, staleWhileRevalidate: window, tags, ...options }
    const outcome = real.scope(node, site).getOrSet(site.key, loader, policy)
    const call: OpenCall = { site, slow: kind === 'slow', floor, outcome, over: false }
    outcome.then(
      () => (call.over = true),
      () => (call.over = true),
    )
    real.calls.push(call)
    await settle()
    // It may have joined one that takes as long as the test wants.
    if (!real.busy) await real.done(outcome.catch(() => 0))
    await judgeCalls(model, real)
    if (!expected || options.refresh === true || real.busy) return
    model.eligible++
    if (!loaded) model.hits++
    if (model.calm) expect(loaded, `a load of ${place}, which is there`).toBe(false)
  }

async function judgeCalls(model: ReferenceModel, real: Real): Promise<void> {
  for (const call of real.calls.filter(({ over }) => over)) {
    const version = await call.outcome.catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
    })
    // What a loader gives its own caller need not be kept; it is never older than what the caller could know.
    if (typeof version === 'number') expect(version).toBeGreaterThanOrEqual(call.floor)
    if (typeof version === 'number') expect(version).toBeLessThanOrEqual(model.current(placeOf(call.site)))
  }
  const open = real.calls.filter(({ over }) => !over)
  real.calls.splice(0, real.calls.length, ...open)
}

const end =
  (ok: boolean): Act =>
  async (model, real, { number }) => {
    const [ended] = real.loads.splice(number % Math.max(1, real.loads.length), 1)
    ended?.end(ok)
    await settle()
    await judgeCalls(model, real)
  }

const set: Act = async (model, real, { node, site, ttl, window }) => {
  const place = placeOf(site)
  model.change(node, [place])
  const version = model.current(place)
  model.keeps(place, version, ttl, window)
  const tags = TAGS[site.key] as readonly string[]
  await real.done(real.scope(node, site).set(site.key, version, { ttl, staleWhileRevalidate: window, tags }))
  model.told(node, [place], model.health[node]?.store === 'ok' && real.health(node).queued === 0)
}

const forget: Act = async (model, real, { node, site }) => {
  const places = [placeOf(site)]
  model.change(node, places)
  await real.done(real.scope(node, site).delete(site.key))
  model.told(node, places, real.health(node).queued === 0)
}

/** An invalidation of some sites. */
const invalidate =
  (
    sitesOf: (model: ReferenceModel, step: Step) => readonly Site[],
    act: (real: Real, step: Step) => Promise<{ applied: boolean }>,
  ): Act =>
  async (model, real, step) => {
    const places = sitesOf(model, step).map(placeOf)
    model.change(step.node, places)
    const { applied } = await real.done(act(real, step))
    if (model.health[step.node]?.store === 'ok' && model.calm) expect(applied).toBe(true)
    model.told(step.node, places, applied)
  }

const tagsOf = ({ number }: Step): readonly string[] => [['s'], ['t'], ['s', 't']][number % 3] as string[]
const carries = ({ key }: Site, tags: readonly string[]) => TAGS[key]?.some((tag) => tags.includes(tag)) === true

const heal: Act = async (model, real, { node }) => {
  const { store } = real.made.node(node)
  store.release()
  await settle()
  store.plan()
  model.fault(node, { store: 'ok' })
}

/** Messages come again: those that waited, or none of them where a short loss goes unnoticed. */
const hear: Act = async (model, real, { node, number }) => {
  const { engine } = real.made
  const { port } = real.made.node(node)
  const { bus, heldSince } = model.health[node] as ReferenceModel['health'][number]
  if (bus === 'held') {
    if (number % 2 === 0) {
      engine.discard(port)
      if (model.now - heldSince > NOTICED) engine.disconnect(port, 'bus')
    }
    engine.release(port)
  }
  engine.reconnect(port)
  model.fault(node, { bus: 'ok' })
}

const lose: Act = async (model, real, { node, number }) => {
  const { engine } = real.made
  const { port } = real.made.node(node)
  const bus = (['held', 'down', 'cut'] as const)[number % 3] as BusFault
  if (bus === 'held') engine.hold(port)
  else engine.disconnect(port, bus === 'cut' ? 'all' : 'bus')
  model.fault(node, { bus, heldSince: model.now })
}

const fail: Act = async (model, real, { node, number }) => {
  const faults = Object.keys(FAULTS).filter((name) => name !== 'ok') as StoreFault[]
  const store = faults[number % faults.length] as StoreFault
  real.made.node(node).store.plan(FAULTS[store])
  model.fault(node, { store })
}

const ACTS: Record<string, readonly [Act, ((model: ReferenceModel, step: Step) => boolean)?]> = {
  get: [read((scope, key) => scope.get<number>(key))],
  lookup: [
    read(async (scope, key) => scope.lookup<number>(key).then((found) => (found.hit ? found.value : undefined))),
  ],
  getMany: [getMany],
  set: [set],
  delete: [forget],
  getOrSet: [load('ok')],
  'getOrSet again': [load('ok')],
  'get again': [read((scope, key) => scope.get<number>(key))],
  'getOrSet that throws': [load('throw')],
  'getOrSet that takes time': [load('slow')],
  refresh: [load('ok', { refresh: true })],
  'refresh that takes time': [load('slow', { refresh: true })],
  'a load ends': [end(true)],
  'a load fails': [end(false)],
  invalidate: [
    invalidate(
      (model, { site }) => model.reaches(site.scope, undefined),
      (real, { node, site }) => real.scope(node, { scope: site.scope, space: '' }).invalidate(),
    ),
  ],
  'invalidate a namespace': [
    invalidate(
      (model, { site }) => model.reaches(site.scope, 'n'),
      (real, { node, site }) => real.scope(node, { scope: site.scope, space: 'n' }).invalidate(),
    ),
  ],
  invalidateTags: [
    invalidate(
      (model, step) => model.reaches(step.site.scope, undefined).filter((site) => carries(site, tagsOf(step))),
      (real, step) => real.scope(step.node, step.site).invalidateTags(tagsOf(step)),
    ),
  ],
  clear: [
    invalidate(
      (model) => model.sites,
      (real, { node }) => real.made.node(node).cache.clear(),
    ),
    (_model, { number }) => number % 2 === 0,
  ],
  advance: [(_model, real, { number }) => real.pass([10, 300, 1000, 3000, 6000, 20_000][number % 6] as number)],
  'the store fails': [fail, (model, { node, number }) => number % 4 < 2 && model.health[node]?.store === 'ok'],
  'the store is well': [heal, (model, { node }) => model.health[node]?.store !== 'ok'],
  'the bus fails': [lose, (model, { node, number }) => number % 4 < 2 && model.health[node]?.bus === 'ok'],
  'the bus is well': [hear, (model, { node }) => model.health[node]?.bus !== 'ok'],
  'a stamp is evicted': [
    async (model, { made: { engine } }, { number }) => {
      const stamps = engine.keys().filter((key) => key.includes('|#'))
      const evicted = stamps[number % Math.max(1, stamps.length)]
      if (evicted !== undefined) engine.evict(evicted)
      model.shaken()
    },
    (_model, { number }) => number % 2 === 0,
  ],
  FLUSHALL: [
    async (model, { made: { engine } }) => {
      engine.flush()
      model.shaken()
    },
    (_model, { number }) => number % 3 === 0,
  ],
}

const step: fc.Arbitrary<Step> = fc.record({
  node: fc.nat(2),
  site: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...SITES.slice(0, 2)) }, fc.constantFrom(...SITES)),
  ttl: fc.constantFrom(500, 10_000, 120_000),
  window: fc.constantFrom(0, 0, 5000),
  number: fc.nat(1_000_000),
})
const commands = Object.entries(ACTS).map(([name, [act, possible = () => true]]) =>
  step.map((made) => new Command(name, made, act, possible)),
)

/** Everything heals; then every node gives the truth or nothing, and keeps what it is given. */
async function heals(model: ReferenceModel, real: Real): Promise<void> {
  for (const [node, { store, bus }] of model.health.entries()) {
    const step = { node, site: SITES[0] as Site, ttl: 0, window: 0, number: 1 }
    if (store !== 'ok') await heal(model, real, step)
    if (bus !== 'ok') await hear(model, real, step)
  }
  await settle()
  await real.pass(5000)
  while (real.loads.length > 0)
    await end(false)(model, real, { node: 0, site: SITES[0] as Site, ttl: 0, window: 0, number: 0 })
  await judgeCalls(model, real)
  expect(real.calls).toEqual([])
  for (const node of model.health.keys()) {
    expect(real.health(node)).toMatchObject({ status: 'ok', bus: 'up', queued: 0 })
    for (const site of SITES) {
      const floor = model.floor(node, placeOf(site))
      expect(floor).toBe(model.current(placeOf(site)))
      judge(model, floor, site, await real.done(real.scope(node, site).get<number>(site.key)))
    }
  }
}

async function run(nodes: number, runs: number, seed: number): Promise<{ eligible: number; hits: number }> {
  const total = { eligible: 0, hits: 0 }
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (sequence) => {
    const made = await cluster({ nodes, cache: { ttl: '10s' } })
    const model = new ReferenceModel(nodes, SITES, made.clock)
    const real = new Real(made, model)
    await fc.asyncModelRun(() => ({ model, real }), sequence)
    await heals(model, real)
    total.eligible += model.eligible
    total.hits += model.hits
  })
  await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true })
  return total
}

describe('several processes behind one store', () => {
  for (const [nodes, runs] of [
    [2, 3000],
    [3, 1000],
  ] as const) {
    it(`${nodes} of them give what the truth says, or said before they could hear of more (seed ${SEED})`, async () => {
      const { eligible, hits } = await run(nodes, runs, SEED)
      console.log(`${nodes} nodes: ${hits} of ${eligible} reads of what was kept found it`)
      // A cache that keeps nothing is never wrong (oracle O-5).
      expect(hits / eligible).toBeGreaterThan(0.8)
      expect(eligible).toBeGreaterThan(runs / 2)
    }, 160_000)
  }
})
