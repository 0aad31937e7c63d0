import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { until } from '../engines/until.js'
import { Child } from './kit/child.js'
import { entryKeys } from './kit/entries.js'

/** How long a frozen process stands still, in milliseconds. */
const FROZEN = 3000

describeEngine('redis-server', 'processes of one application', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  beforeEach(() => redis.call('FLUSHALL'))
  afterAll(() => redis.close())

  it('F30: one that is killed while it loads and invalidates leaves the others as they are', async () => {
    const [victim, other] = await Promise.all([Child.start(redis.url), Child.start(redis.url)])
    await victim.tell({ does: 'read', tenant: 'acme', key: 'kept', version: 1 })
    await until('the store has it', async () => (await entryKeys(redis)).length === 1)
    void victim.tell({ does: 'read', tenant: 'acme', key: 'loading', version: 1, work: 60_000 })
    await victim.tell({ does: 'invalidate', tenants: ['globex'] })
    victim.signal('SIGKILL')
    expect(await victim.exited()).toBe('SIGKILL')
    expect(await other.tell({ does: 'read', tenant: 'acme', key: 'kept', version: 2 })).toBe(1)
    expect(await other.tell({ does: 'read', tenant: 'acme', key: 'loading', version: 2 })).toBe(2)
    expect(await other.tell({ does: 'invalidate', tenants: ['acme'] })).toBe(1)
    expect(await other.tell({ does: 'read', tenant: 'acme', key: 'kept', version: 3 })).toBe(3)
  })

  it('F32: what one was loading when it was frozen overwrites nothing that came meanwhile', async () => {
    const [frozen, other] = await Promise.all([Child.start(redis.url), Child.start(redis.url)])
    const late = frozen.tell({ does: 'read', tenant: 'acme', key: 'raced', version: 1, work: 300 })
    const lateAfterInvalidation = frozen.tell({ does: 'read', tenant: 'globex', key: 'raced', version: 1, work: 300 })
    await pause(100)
    frozen.signal('SIGSTOP')
    // The other one loads the same key, and invalidates the second tenant; nobody reads that one before the first goes on.
    expect(await other.tell({ does: 'read', tenant: 'acme', key: 'raced', version: 2 })).toBe(2)
    expect(await other.tell({ does: 'invalidate', tenants: ['globex'] })).toBe(1)
    await pause(FROZEN)
    frozen.signal('SIGCONT')
    await Promise.all([late, lateAfterInvalidation])
    // Who asks now, in whichever process, gets what is in the store: not what came too late.
    const third = await Child.start(redis.url)
    for (const child of [other, third, frozen]) {
      expect(await child.tell({ does: 'read', tenant: 'acme', key: 'raced', version: 3 })).toBe(2)
      expect(await child.tell({ does: 'read', tenant: 'globex', key: 'raced', version: 2 })).toBe(2)
    }
  })

  it('F32: one that was frozen while another invalidated has it within five seconds', async () => {
    const [frozen, other] = await Promise.all([Child.start(redis.url), Child.start(redis.url)])
    for (const child of [frozen, other]) await child.tell({ does: 'read', tenant: 'acme', key: 'kept', version: 1 })
    frozen.signal('SIGSTOP')
    await other.tell({ does: 'invalidate', tenants: ['acme'] })
    await pause(FROZEN)
    frozen.signal('SIGCONT')
    const read = () => frozen.tell<number>({ does: 'read', tenant: 'acme', key: 'kept', version: 2 })
    await until('it has it', async () => (await read()) === 2, 5000)
  })

  // T-27, across processes.
  it.each([
    { callers: 10, keys: 1 },
    { callers: 10, keys: 10 },
    { callers: 100, keys: 1 },
    { callers: 100, keys: 10 },
    { callers: 1000, keys: 1 },
    { callers: 10, keys: 100 },
  ])('with a lease $callers callers of $keys keys in each of two processes load each once', async (crowd) => {
    const children = await Promise.all([1, 2].map(() => Child.start(redis.url, { lease: 5000 })))
    const results = await Promise.all(children.map((child) => child.tell({ does: 'stampede', work: 50, ...crowd })))
    const expected = Array.from({ length: crowd.callers * crowd.keys }, (_, at) => at % crowd.keys)
    for (const result of results) expect(result).toEqual(expected)
    expect(await loadsOf(children)).toBe(crowd.keys)
  })

  it('without one each process loads each key once', async () => {
    const children = await Promise.all([1, 2].map(() => Child.start(redis.url)))
    await Promise.all(children.map((child) => child.tell({ does: 'stampede', callers: 100, keys: 10, work: 50 })))
    expect(await loadsOf(children)).toBeLessThanOrEqual(20)
  })

  it('a process that is killed while it holds the lease costs the others the lease at the most', async () => {
    const lease = 1000
    const [victim, other] = await Promise.all([Child.start(redis.url, { lease }), Child.start(redis.url, { lease })])
    void victim.tell({ does: 'read', tenant: 'acme', key: 'leased', version: 1, work: 60_000 })
    await until('it has the lease', async () => {
      const keys = (await redis.call('KEYS', '*|lease')) as readonly Buffer[]
      return keys.length === 1
    })
    victim.signal('SIGKILL')
    const began = performance.now()
    expect(await other.tell({ does: 'read', tenant: 'acme', key: 'leased', version: 2 })).toBe(2)
    expect(performance.now() - began).toBeLessThan(lease + 500)
  })
})

async function loadsOf(children: readonly Child[]): Promise<number> {
  const counts = await Promise.all(children.map((child) => child.tell<{ loads: number }>({ does: 'count' })))
  return counts.reduce((sum, { loads }) => sum + loads, 0)
}
