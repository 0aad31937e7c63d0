import { createCache, type ScopedCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startProxy, type RespProxy } from '../engines/resp-proxy.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { seededRandom } from '../../packages/core/src/testing/seeded-random.js'
import { until } from '../engines/until.js'
import { expectNoUnhandledRejection } from '../../packages/core/test/support/unhandled.js'

/** In seconds, warm-up included; a night's run sets more. */
const LASTING = Number(process.env['CACHEADO_SOAK'] ?? 20)
const WARM_UP = 6
/** What the heap may grow by after the warm-up, in bytes: V8 itself still compiles and caches. */
const GROWTH = 4 * 1024 * 1024
const CLIENTS = 10
const TENANTS = 200
const scopes = { organization: 'global' } as const

// T-32, the short form: faults come and go, nothing is left behind.
describeEngine('redis-server', 'under faults that come and go', () => {
  expectNoUnhandledRejection()

  it(
    `keeps handles, listeners, timers and heap as they were, for ${LASTING} s`,
    async () => {
      const seed = Number(process.env['CACHEADO_SEED'] ?? randomInt(2 ** 31))
      const redis = await startRedis()
      const proxy = await startProxy({ port: redis.port, seed })
      onTestFinished(() => redis.close())
      onTestFinished(() => proxy.close())
      const before = resources()
      const caches = await Promise.all([startNode(proxy), startNode(proxy)])
      const load = startLoad(caches, seed)
      const heaps: number[] = []
      const end = performance.now() + LASTING * 1000
      for (let second = 0; performance.now() < end; second++) {
        const heal = await harm(second, redis, proxy)
        await pause(500)
        await heal()
        await pause(500)
        if (second >= WARM_UP) heaps.push(heapAfterCollection())
      }
      const requests = await load.stop()
      // What a black hole has swallowed stays open at its end, whoever left.
      proxy.reset()
      await until('all is well again', () => caches.every(isWell))
      const mib = heaps.map((heap) => (heap / 2 ** 20).toFixed(1))
      console.info(`CACHEADO_SEED=${seed}: ${requests} requests, heap after collection in MiB: ${mib.join(' ')}`)
      expect(median(heaps.slice(-3)) - median(heaps.slice(0, 3))).toBeLessThan(GROWTH)
      // One connection for commands and one for the bus for each node, whatever happened to those before.
      await until('no more connections than at the start', () => proxy.connections.length === 2 * caches.length)
      for (const cache of caches) await cache.close()
      await until('the proxy has no connections left', () => proxy.connections.length === 0)
      await until('nothing is left', () => added(before).length === 0).catch(() => {})
      expect(added(before)).toEqual([])
    },
    (LASTING + 60) * 1000,
  )
})

async function startNode(proxy: RespProxy): Promise<ScopedCache> {
  const remote = redisStore({ url: proxy.url })
  const cache = createCache({ scopes, remote, ttl: '5s', memory: { maxEntries: 100, revalidateAfter: 200 } })
  onTestFinished(() => cache.close())
  await cache.ready()
  return cache
}

function isWell(cache: ScopedCache): boolean {
  const { status, bus } = cache.health().remote ?? {}
  return status === 'ok' && bus === 'up'
}

/** A fault, another one each second; gives what heals it. */
async function harm(second: number, redis: RedisServer, proxy: RespProxy): Promise<() => Promise<unknown>> {
  const faults: readonly (() => Promise<unknown> | void)[] = [
    () => proxy.rules({ blackHole: true }),
    () => proxy.reset(),
    () => redis.stop(),
    () => proxy.rules({ replies: { GET: 'insert', MGET: 'insert' } }),
    () => proxy.rules({ delay: 150 }),
    () => redis.kill(),
    () => proxy.rules({ replies: { '*': 'garbage' } }),
    () => proxy.rules({ errors: { SET: 'OOM', EVALSHA: 'OOM' } }),
  ]
  await faults[second % faults.length]?.()
  return async () => {
    proxy.rules()
    if (!redis.isRunning) await redis.restart()
    else await redis.continue()
  }
}

function startLoad(caches: readonly ScopedCache[], seed: number): { stop(): Promise<number> } {
  const random = seededRandom(seed)
  const state = { isStopped: false, requests: 0 }
  const below = (bound: number) => Math.floor(random() * bound)
  const client = async () => {
    while (!state.isStopped) {
      const cache = caches[below(caches.length)] as ScopedCache
      const tenant = cache.at('organization', { organization: `org${below(TENANTS)}` })
      const kind = random()
      if (kind < 0.9) await tenant.getOrSet(`key${below(5)}`, () => ({ text: 'x'.repeat(200) }), { tags: ['all'] })
      else if (kind < 0.94) await tenant.invalidate()
      else if (kind < 0.97) await tenant.invalidateTags(['all'])
      else await tenant.delete('key0')
      state.requests++
      await pause(1)
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return {
    stop: async () => {
      state.isStopped = true
      await Promise.all(clients)
      return state.requests
    },
  }
}

/** What holds this process, by kind, and how many listen to it. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  const count = (kind: string, by = 1) => (counts[kind] = (counts[kind] ?? 0) + by)
  for (const kind of process.getActiveResourcesInfo()) if (/TCP|Timeout|Immediate/.test(kind)) count(kind)
  for (const event of process.eventNames()) count(`on ${String(event)}`, process.listenerCount(event))
  return counts
}

/** Kinds of which there are more than before. */
function added(before: Record<string, number>): readonly string[] {
  return Object.entries(resources()).flatMap(([kind, count]) => (count > (before[kind] ?? 0) ? [kind] : []))
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0
}
