import { createCache, type CacheOptions, type Scope, type ScopedCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startProxy, type RespProxy } from '../engines/resp-proxy.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { seededRandom } from '../../packages/core/src/testing/seeded-random.js'
import { until } from '../engines/until.js'
import { expectNoUnhandledRejection } from '../../packages/core/test/support/unhandled.js'
import { entryKeys, stampKeys } from './kit/entries.js'

const scopes = { organization: 'global', user: 'organization' } as const
const TENANTS = Array.from({ length: 12 }, (_, at) => `org${at}`)
/** How long a fault lasts, and what the other node may lag behind in health and after a fault, in milliseconds (O-3). */
const LASTING = 1200
const HEALTHY_LAG = 1000
const HEALED_LAG = 5000

/** A Redis, and two nodes of an application that reach it over lines of their own. */
interface Pair {
  readonly redis: RedisServer
  readonly writer: Node
  readonly reader: Node
}

interface Node {
  readonly cache: ScopedCache
  readonly proxy: RespProxy
  /** What the tenant's value is now, for this node. */
  read(tenant: string): Promise<number>
}

interface Fault {
  readonly name: string
  begin(pair: Pair): Promise<unknown> | void
  heal(pair: Pair): Promise<unknown> | void
  /** Whether the writer's invalidations reach Redis meanwhile. */
  readonly applied: boolean
}

const FAULTS: readonly Fault[] = [
  {
    name: 'F02 Redis killed',
    begin: ({ redis }) => redis.kill(),
    heal: ({ redis }) => redis.restart(),
    applied: false,
  },
  {
    // It has acknowledged the invalidations, and comes back without them.
    name: 'F04 Redis restarted with older data',
    begin: ({ redis }) => redis.call('SAVE'),
    heal: ({ redis }) => redis.restart(),
    applied: true,
  },
  {
    name: 'F05 Redis frozen',
    begin: ({ redis }) => redis.stop(),
    heal: ({ redis }) => redis.continue(),
    applied: false,
  },
  {
    name: 'F10 the writer is in a black hole',
    begin: ({ writer }) => writer.proxy.rules({ blackHole: true }),
    heal: ({ writer }) => writer.proxy.rules(),
    applied: false,
  },
  {
    name: 'F10 the reader is in a black hole',
    begin: ({ reader }) => reader.proxy.rules({ blackHole: true }),
    heal: ({ reader }) => reader.proxy.rules(),
    applied: true,
  },
  {
    name: 'F21 only the bus of the reader is dead',
    begin: ({ reader }) => reader.proxy.rules((line) => (line.isSubscriber ? { blackHole: true } : undefined)),
    heal: ({ reader }) => reader.proxy.rules(),
    applied: true,
  },
  {
    name: 'F22 every other message to the reader is lost',
    begin: ({ reader }) => reader.proxy.rules({ messages: { drop: 0.5, reorder: 0.2 } }),
    heal: ({ reader }) => reader.proxy.rules(),
    applied: true,
  },
  {
    name: 'F22 all messages to the reader are lost',
    begin: ({ reader }) => reader.proxy.rules({ messages: { drop: 1 } }),
    heal: ({ reader }) => reader.proxy.rules(),
    applied: true,
  },
]

/** How one invalidates: all of them have to arrive. */
const WAYS: readonly ((scope: Scope) => Promise<{ applied: boolean } | undefined>)[] = [
  (scope) => scope.invalidate(),
  (scope) => scope.invalidateTags(['value']),
  async (scope) => void (await scope.delete('value')),
]

// T-28.
describeEngine('redis-server', 'two nodes on one Redis', () => {
  expectNoUnhandledRejection()

  it.each(FAULTS)('$name: what one invalidates meanwhile the other has five seconds after it heals', async (fault) => {
    const truth = new Map(TENANTS.map((tenant) => [tenant, 1]))
    const pair = await startPair(truth)
    const { reader, writer } = pair
    for (const node of [writer, reader]) expect(await readAll(node)).toEqual(TENANTS.map(() => 1))
    // Of two that begin together with an empty Redis neither may prevail: then the next read stores it.
    await until('Redis has it', async () => {
      await readAll(writer)
      return (await entryKeys(pair.redis)).length === TENANTS.length
    })
    await fault.begin(pair)
    const results = await invalidateAll(writer, truth)
    for (const applied of results) expect(applied).toBe(fault.applied)
    expect(writer.cache.health().remote?.queued === 0).toBe(fault.applied)
    expect(await readAll(writer)).toEqual([...truth.values()])
    await pause(LASTING)
    await fault.heal(pair)
    const healed = performance.now()
    await until('the other has it', async () => isCurrent(await readAll(reader), truth), HEALED_LAG)
    const lag = performance.now() - healed
    await until('nothing waits', () => writer.cache.health().remote?.queued === 0, HEALED_LAG - lag)
    console.info(`${fault.name}: the other node had it ${lag.toFixed()} ms after healing`)
    // Nothing that was written late, and nothing that Redis still has, brings it back.
    const third = await startNode(pair.redis, truth, {})
    for (const node of [third, reader, writer]) {
      const left = Math.max(1, healed + HEALED_LAG - performance.now())
      await until('it has what is true', async () => isCurrent(await readAll(node), truth), left)
      expect(isCurrent(await readAll(node), truth)).toBe(true)
    }
  })

  it('in health the other has it within a second, 200 times', async () => {
    const truth = new Map(TENANTS.map((tenant) => [tenant, 1]))
    const pair = await startPair(truth)
    await playRounds(pair, truth, 200, async () => {})
  }, 60_000)

  it('F23, F24 stamps vanish at random, or everything: no old value comes back to life', async () => {
    const truth = new Map(TENANTS.map((tenant) => [tenant, 1]))
    const pair = await startPair(truth)
    await playRounds(pair, truth, 200, async (random) => {
      if (random() < 0.05) return void (await pair.redis.call('FLUSHALL'))
      const keys = [...(await stampKeys(pair.redis)), ...(await entryKeys(pair.redis))]
      const gone = keys.filter(() => random() < 0.2)
      if (gone.length > 0) await pair.redis.call('DEL', ...gone)
    })
  }, 60_000)

  it('F24 eviction under 2 MB: no old value comes back to life', async () => {
    const truth = new Map(TENANTS.map((tenant) => [tenant, 1]))
    const pair = await startPair(truth, { memory: { maxEntries: 4 } })
    await pair.redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
    await pair.redis.call('CONFIG', 'SET', 'maxmemory', '2mb')
    let filler = 0
    await playRounds(pair, truth, 100, async () => {
      for (let left = 4; left > 0; left--) await pair.redis.call('SET', `filler:${filler++}`, 'x'.repeat(50_000))
    })
    const info = String(await pair.redis.call('INFO', 'stats'))
    expect(Number(/evicted_keys:(\d+)/.exec(info)?.[1])).toBeGreaterThan(100)
  }, 60_000)
})

/** Rounds of: something happens to Redis, a node invalidates, it reads the truth at once and the other one soon. */
async function playRounds(pair: Pair, truth: Map<string, number>, rounds: number, happen: Happening): Promise<void> {
  const seed = Number(process.env['CACHEADO_SEED'] ?? randomInt(2 ** 31))
  console.info(`CACHEADO_SEED=${seed}`)
  const random = seededRandom(seed)
  const nodes = [pair.writer, pair.reader]
  for (let round = 0; round < rounds; round++) {
    const [own, other] = (random() < 0.5 ? nodes : nodes.toReversed()) as [Node, Node]
    const tenant = TENANTS[Math.floor(random() * TENANTS.length)] as string
    const way = WAYS[Math.floor(random() * WAYS.length)] as (typeof WAYS)[number]
    await Promise.all([own.read(tenant), other.read(tenant)])
    await happen(random)
    const version = truth.get(tenant)! + 1
    truth.set(tenant, version)
    await way(tenantOf(own, tenant))
    if (random() < 0.5) await happen(random)
    expect(await own.read(tenant)).toBe(version)
    await until(`round ${round}: the other has it`, async () => (await other.read(tenant)) === version, HEALTHY_LAG)
  }
}

type Happening = (random: () => number) => Promise<void>

async function startPair(truth: ReadonlyMap<string, number>, options: CacheOptions = {}): Promise<Pair> {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const writer = await startNode(redis, truth, options)
  const reader = await startNode(redis, truth, options)
  return { redis, writer, reader }
}

async function startNode(redis: RedisServer, truth: ReadonlyMap<string, number>, options: CacheOptions): Promise<Node> {
  const proxy = await startProxy({ port: redis.port })
  const cache = createCache({ scopes, remote: redisStore({ url: proxy.url }), ttl: '1h', ...options })
  onTestFinished(async () => {
    await cache.close()
    await proxy.close()
  })
  await cache.ready()
  await until('messages come', () => cache.health().remote?.bus === 'up')
  const node = {
    cache,
    proxy,
    read: (tenant: string) =>
      tenantOf({ cache }, tenant).getOrSet('value', () => truth.get(tenant) as number, { tags: ['value'] }),
  }
  return node
}

function tenantOf({ cache }: Pick<Node, 'cache'>, organization: string): Scope {
  return cache.at('user', { organization, user: 'alice' })
}

function readAll(node: Node): Promise<readonly number[]> {
  return Promise.all(TENANTS.map((tenant) => node.read(tenant)))
}

function isCurrent(values: readonly number[], truth: ReadonlyMap<string, number>): boolean {
  return values.every((value, at) => value === truth.get(TENANTS[at] as string))
}

/** Each tenant in one of the ways. What they said about whether Redis has it, where they say so. */
async function invalidateAll(node: Node, truth: Map<string, number>): Promise<readonly boolean[]> {
  const results = TENANTS.map((tenant, at) => {
    truth.set(tenant, (truth.get(tenant) as number) + 1)
    return (WAYS[at % WAYS.length] as (typeof WAYS)[number])(tenantOf(node, tenant))
  })
  return (await Promise.all(results)).flatMap((result) => result?.applied ?? [])
}
