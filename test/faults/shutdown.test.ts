import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { startProxy } from '../engines/resp-proxy.js'
import { Child } from './kit/child.js'
import { entryKeys } from './kit/entries.js'

/** Longest time from SIGTERM to the end of the process, in milliseconds. */
const EXIT_LIMIT = 5000
const TENANTS = Array.from({ length: 20 }, (_, at) => `org${at}`)

interface Left {
  readonly lost: number
  readonly dropped: number
}

// T-43, fault F31. A process ends by itself once its cache is closed: nothing else holds it.
describeEngine('redis-server', 'SIGTERM', () => {
  let redis: RedisServer
  let child: Child
  beforeEach(async () => {
    redis = await startRedis()
    child = await Child.start(redis.url)
  })
  afterEach(() => redis.close())

  async function terminate(ended = child): Promise<Left> {
    const began = performance.now()
    const left = ended.closed<Left>()
    ended.signal('SIGTERM')
    const result = await left
    expect(await ended.exited()).toBe(0)
    expect(performance.now() - began).toBeLessThan(EXIT_LIMIT)
    expect(ended.errors).toBe('')
    return result
  }

  it('with writes under way: the store has them', async () => {
    await child.tell({ does: 'write', count: 500 })
    expect(await terminate()).toEqual({ lost: 0, dropped: 0 })
    expect(await entryKeys(redis)).toHaveLength(500)
  })

  it('with a load under way: it does not wait for it', async () => {
    void child.tell({ does: 'read', tenant: 'acme', key: 'slow', version: 1, work: 2000 })
    expect((await terminate()).lost).toBe(0)
  })

  it('with invalidations waiting for a store that is back: it flushes them', async () => {
    const proxy = await startProxy({ port: redis.port })
    onTestFinished(() => proxy.close())
    const [distant, other] = await Promise.all([Child.start(proxy.url), Child.start(redis.url)])
    const few = TENANTS.slice(0, 3)
    const readAll = (version: number) =>
      Promise.all(few.map((tenant) => other.tell({ does: 'read', tenant, key: 'kept', version })))
    await readAll(1)
    // Too slow for a write, and too few for the breaker.
    proxy.rules({ delay: 400 })
    expect(await distant.tell({ does: 'invalidate', tenants: few })).toBe(0)
    proxy.rules()
    expect(await terminate(distant)).toEqual({ lost: 0, dropped: 0 })
    expect(await readAll(2)).toEqual(few.map(() => 2))
  })

  it('with invalidations waiting for a frozen store: it reports them as lost, with their number', async () => {
    await redis.stop()
    expect(await child.tell({ does: 'invalidate', tenants: TENANTS })).toBe(0)
    await child.tell({ does: 'write', count: 50 })
    const { lost } = await terminate()
    expect(lost).toBeGreaterThanOrEqual(TENANTS.length)
  })

  it('with a store that is gone: it ends all the same', async () => {
    await redis.kill()
    expect(await child.tell({ does: 'invalidate', tenants: TENANTS })).toBe(0)
    expect((await terminate()).lost).toBe(TENANTS.length)
  })

  it('without any: close() alone lets the process end', async () => {
    await child.tell({ does: 'read', tenant: 'acme', key: 'kept', version: 1 })
    const began = performance.now()
    await child.tell({ does: 'end' })
    child.disconnect()
    expect(await child.exited()).toBe(0)
    expect(performance.now() - began).toBeLessThan(EXIT_LIMIT)
  })
})
