import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { StoreEventKind } from '@cacheado/core'
import { expressAdapters } from '../adapters/express-adapter.js'
import { honoAdapter } from '../adapters/hono-adapter.js'
import { nestAdapter } from '../adapters/nest-adapter.js'
import type { Adapter } from '../adapters/application.js'
import { describeEngine } from '../engines/engine-or-skip.js'
import { until } from '../engines/until.js'
import { expectNoUnhandledRejection } from '../../packages/core/test/support/unhandled.js'
import { startBench, type Bench } from './kit/bench.js'
import { CELLS, type Cell } from './kit/cells.js'
import { Load, quantile, type Tally } from './kit/load.js'
import { plantSentinels, sentinelsLeft } from './kit/sentinels.js'
import { HEALED_LAG } from './kit/truth.js'
import type { FaultNode, Route } from './kit/node.js'

/** Hits before anything breaks: a test of faults that caches nothing proves nothing (oracle O-5). */
const HITS_BEFORE = 150
const DURING = 1500
/** What a busy machine adds to a deadline, in milliseconds. */
const SLACK = 150
const READ_LIMIT = 100 + SLACK
const WRITE_LIMIT = 300 + SLACK
/** Requests that wait for a deadline before the breakers of both nodes are open: five for each, and what is under way then. */
const FIRST_FEW = 26

const adapters: readonly Adapter[] = [expressAdapters[0] as Adapter, honoAdapter, nestAdapter]
const only = process.env['FAULT']
const cells = CELLS.map((cell, at) => ({ ...cell, adapter: adapters[at % adapters.length] as Adapter }))

// T-25. The first node keeps nothing in memory, so each of its reads asks Redis; the second has its memory tier.
describeEngine('redis-server', 'with a load of many tenants', () => {
  expectNoUnhandledRejection()

  it.each(cells.filter(({ fault }) => only === undefined || fault.includes(only)))(
    '$fault: answers as if there were no cache, and recovers ($adapter.name)',
    async ({ adapter, ...cell }) => {
      const seed = Number(process.env['CACHEADO_SEED'] ?? randomInt(2 ** 31))
      const bench = await startBench(adapter, cell)
      if (!cell.losesAll) await plantSentinels(bench.redis.port)
      const load = new Load(bench.nodes, bench.truth, seed)
      if (!cell.absent) await until('a warm cache', () => load.hits >= HITS_BEFORE)
      const before = load.nextPhase()
      const { during, invalidation } = await breakAndHeal(bench, cell, load)
      const recovery = await recovered(bench)
      await load.stop()
      const after = load.nextPhase()
      tell(cell, adapter, seed, { during, after, recovery, invalidation })
      expectOwnAnswers([before, during, after])
      expectNoWaiting(during, cell)
      expectInvalidation(invalidation, cell)
      await expectNothingStale(bench, load)
      expectTold(bench.nodes, cell)
      const writes = [before, during, after].reduce((sum, tally) => sum + tally.writes, 0)
      expect(bench.nodes.reduce((sum, node) => sum + node.writes.count, 0)).toBe(writes)
      if (!cell.losesAll) expect(await sentinelsLeft(bench.redis.port)).toBe(1000)
    },
    30_000,
  )
})

interface Invalidation {
  readonly applied: boolean
  readonly time: number
}

async function breakAndHeal(bench: Bench, cell: Cell, load: Load) {
  bench.truth.healthySince = Infinity
  const began = performance.now()
  await cell.begin(bench)
  await pause(DURING / 3)
  const invalidation = await invalidateOne(bench)
  await pause(began + DURING - performance.now())
  const during = load.nextPhase()
  await cell.heal?.(bench)
  bench.truth.healthySince = performance.now()
  return { during, invalidation }
}

/** An invalidation by the application itself, in the middle of the fault. */
async function invalidateOne({ truth, nodes }: Bench): Promise<Invalidation> {
  const node = nodes[0] as FaultNode
  const version = truth.bump('user:org0/u0')
  const began = performance.now()
  const { applied } = await node.cache.at('user', { organization: 'org0', user: 'u0' }).invalidate()
  const time = performance.now() - began
  truth.acknowledge('user:org0/u0', version, node.at)
  return { applied, time }
}

/** Milliseconds until both nodes use Redis again, the one without memory by hits, hear each other, and nothing waits. */
async function recovered({ nodes, truth }: Bench): Promise<number> {
  const used = ({ at, remote }: FaultNode) => (at === 0 ? remote().hits : remote().hits + remote().writes)
  const before = nodes.map(used)
  const isWell = (node: FaultNode) => {
    const { status, bus, queued } = node.cache.health().remote ?? {}
    return status === 'ok' && bus === 'up' && queued === 0 && used(node) > (before[node.at] as number)
  }
  const healths = () => JSON.stringify(nodes.map(({ cache, remote }) => [cache.health().remote, remote()]))
  const left = truth.healthySince + HEALED_LAG - performance.now()
  await until('both nodes use Redis again, and nothing waits', () => nodes.every(isWell), left).catch(
    (error: Error) => {
      throw new Error(`${error.message}: ${healths()}`)
    },
  )
  return performance.now() - truth.healthySince
}

function expectOwnAnswers(phases: readonly Tally[]): void {
  for (const { failures, leaks, stale, longestWrite } of phases) {
    expect({ failures, leaks, stale }).toEqual({ failures: [], leaks: [], stale: [] })
    expect(longestWrite).toBeLessThan(WRITE_LIMIT)
  }
}

function expectNoWaiting(during: Tally, { isMild, waitingShare, adds = 0 }: Cell): void {
  expect(during.longestRead).toBeLessThan(READ_LIMIT)
  const limit = isMild ? FIRST_FEW / 4 : Math.max(FIRST_FEW, during.reads * (waitingShare ?? 0))
  if (adds === 0) expect(during.waited).toBeLessThanOrEqual(limit)
  if (isMild) expect(during.hitShare).toBeGreaterThan(0.5)
  // Most requests find the breaker open: they take as long as those that no cache is asked for.
  const added = quantile(during.readTimes, 0.5) - quantile(during.uncachedTimes, 0.5)
  if (waitingShare === undefined) expect(added).toBeLessThan(adds + 10)
}

function expectInvalidation({ applied, time }: Invalidation, { invalidation = 'queued' }: Cell): void {
  expect(time).toBeLessThan(WRITE_LIMIT)
  if (invalidation !== 'either') expect(applied).toBe(invalidation === 'applied')
}

/** Each resource on each node, until five seconds after the fault has healed (oracle O-3). */
async function expectNothingStale({ nodes, truth }: Bench, load: Load): Promise<void> {
  const read = async (node: FaultNode, resource: string) => {
    const [kind, who = ''] = resource.split(':')
    const route = kind as Route
    const got = await node.ask(
      `/${route}`,
      route === 'public' ? {} : { as: `${who}${who.includes('/') ? '' : '/u0'}/s` },
    )
    return { resource, node: node.at, version: Number(got.body.split(' ')[2]) }
  }
  const reads = nodes.flatMap((node) => truth.resources.map((resource) => () => read(node, resource)))
  const left = Math.max(100, truth.healthySince + HEALED_LAG - performance.now())
  const behind = async () => {
    const seen = await Promise.all(reads.map((each) => each()))
    return seen.filter(({ resource, version }) => version !== truth.version(resource))
  }
  await until('every node has what is true', async () => (await behind()).length === 0, left).catch(() => {})
  expect(await behind()).toEqual([])
  expect(load.nextPhase().failures).toEqual([])
}

function expectTold(nodes: readonly FaultNode[], { events = [], counts = [] }: Cell): void {
  const told = new Set<StoreEventKind>(nodes.flatMap((node) => [...node.events.keys()]))
  expect([...told]).toEqual(expect.arrayContaining([...events]))
  for (const name of counts) expect(nodes.reduce((sum, node) => sum + node.remote()[name], 0)).toBeGreaterThan(0)
}

interface Outcome {
  readonly during: Tally
  readonly after: Tally
  readonly recovery: number
  readonly invalidation: Invalidation
}

function tell({ fault }: Cell, { name }: Adapter, seed: number, outcome: Outcome): void {
  const { during, after, recovery, invalidation } = outcome
  const [cached, uncached] = [during.readTimes, during.uncachedTimes].map((times) => quantile(times, 0.5).toFixed(1))
  console.info(
    [
      `${fault} (${name}, CACHEADO_SEED=${seed}): ${during.requests} requests, ${during.waited} waited`,
      `longest read ${during.longestRead.toFixed()} and write ${Math.max(during.longestWrite, after.longestWrite).toFixed()} ms`,
      `median ${cached} against ${uncached} ms uncached, hits ${(100 * during.hitShare).toFixed()} %`,
      `invalidated in ${invalidation.time.toFixed()} ms${invalidation.applied ? '' : ', queued'}`,
      `recovered in ${recovery.toFixed()} ms`,
    ].join('; '),
  )
}
