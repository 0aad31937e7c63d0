import { createCache, type RemoteStats, type ScopedCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ReplyFault } from '../engines/proxy-rules.js'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'
import { startProxy, type RespProxy } from '../engines/resp-proxy.js'
import { encodeCommand } from '../engines/resp.js'
import { until } from '../engines/until.js'
import { expectNoUnhandledRejection } from '../../packages/core/test/support/unhandled.js'
import { entryKeys, stampKeys } from './kit/entries.js'

const TENANTS = Array.from({ length: 50 }, (_, at) => `org${at}`)
/** Keys that each tenant has: one for each round of reads, so that none is in memory yet. */
const ROUNDS = 30
const scopes = { organization: 'global' } as const

/** How a look-up goes: with the stamps of its scope known, or with them. */
const ROADS = [
  { command: 'GET', memory: {} },
  { command: 'MGET', memory: false },
] as const

const FAULTS: readonly ReplyFault[] = ['insert', 'duplicate', 'swap', 'drop']

// T-09 on the wire; I-01: one extra reply, and a client answered 50 of 50 requests with somebody else's value.
describeEngine('redis-server', 'replies that come out of order', () => {
  expectNoUnhandledRejection()
  let redis: RedisServer
  let proxy: RespProxy
  beforeAll(async () => {
    redis = await startRedis()
    proxy = await startProxy({ port: redis.port })
    await fill(redis.url)
  })
  afterAll(async () => {
    await proxy.close()
    await redis.close()
  })
  beforeEach(() => proxy.rules())

  describe.each(ROADS)('to $command', ({ command, memory }) => {
    it.each(FAULTS)('%s: nobody gets what is not his, and the connection is replaced', async (fault) => {
      const reader = await startReader(proxy.url, memory)
      await reader.readAll()
      const { accepted } = proxy
      const ordered = proxy.order(fault, { command, on: (connection) => !connection.isSubscriber })
      // All of them wait for replies of one connection when the first is wrong.
      const values = await reader.readAll()
      expect(ordered.left).toBe(0)
      expect(foreign(values)).toEqual([])
      await expectHealed(reader, proxy, accepted, fault)
    })

    it('a whole reply of somebody else, before each: nobody gets it', async () => {
      const reader = await startReader(proxy.url, memory)
      await reader.readAll()
      const { accepted, extraReply } = proxy
      proxy.extraReply = await replyOfAnother(redis, command)
      onTestFinished(() => void (proxy.extraReply = extraReply))
      const ordered = proxy.order('insert', { command, times: 20, on: (connection) => !connection.isSubscriber })
      for (let round = 0; round < 3; round++) expect(foreign(await reader.readAll())).toEqual([])
      await until('all of them came', async () => {
        expect(foreign(await reader.readAll())).toEqual([])
        return ordered.left === 0
      })
      await expectHealed(reader, proxy, accepted, 'insert')
    })
  })

  it.each(FAULTS)('on the bus, %s: invalidations arrive all the same', async (fault) => {
    const [reader, writer] = [await startReader(proxy.url, {}), await startReader(redis.url, {})]
    await reader.readAll()
    const tenant = reader.cache.at('organization', { organization: 'org0' })
    await tenant.getOrSet('shared', () => 'old', { ttl: '1h' })
    const ordered = proxy.order(fault, { command: 'PING', times: 2, on: (connection) => connection.isSubscriber })
    await until('two heartbeats were answered wrongly', () => ordered.left === 0)
    await writer.cache.at('organization', { organization: 'org0' }).invalidate()
    const read = () => tenant.getOrSet('shared', () => 'new', { ttl: '1h' })
    await until('the invalidation has arrived', async () => (await read()) === 'new', 5000)
    expect(foreign(await reader.readAll())).toEqual([])
  })
})

interface Value {
  readonly tenant: string
  readonly key: string
}

interface Reader {
  readonly cache: ScopedCache
  remote(): RemoteStats
  /** The next key of every tenant, at the same time. */
  readAll(): Promise<readonly { readonly asked: Value; readonly got: Value | undefined }[]>
}

async function fill(url: string): Promise<void> {
  const cache = createCache({ scopes, remote: redisStore({ url }), ttl: '1h' })
  await cache.ready()
  for (const tenant of TENANTS) {
    const scope = cache.at('organization', { organization: tenant })
    for (let at = 0; at < ROUNDS; at++) await scope.set(`k${at}`, { tenant, key: `k${at}` })
  }
  await cache.close()
}

async function startReader(url: string, memory: object | false): Promise<Reader> {
  const cache = createCache({ scopes, remote: redisStore({ url }), memory, ttl: '1h' })
  onTestFinished(() => cache.close())
  await cache.ready()
  const remote = () => cache.stats().remote as RemoteStats
  let round = 0
  const readAll = () => {
    const key = `k${round++ % ROUNDS}`
    const read = async (tenant: string) => {
      const got = await cache.at('organization', { organization: tenant }).get<Value>(key)
      return { asked: { tenant, key }, got }
    }
    return Promise.all(TENANTS.map(read))
  }
  await until('messages come', () => cache.health().remote?.bus === 'up')
  return { cache, remote, readAll }
}

/** Values that belong to another tenant, or to another key. */
function foreign(values: Awaited<ReturnType<Reader['readAll']>>) {
  return values.filter(({ asked, got }) => got !== undefined && (got.tenant !== asked.tenant || got.key !== asked.key))
}

async function expectHealed({ readAll, remote }: Reader, proxy: RespProxy, accepted: number, fault: ReplyFault) {
  // A reply that never comes may as well be a slow one: it is told by the next that comes in its place, or by the deadline.
  await until(
    'a foreign value was noticed',
    async () => {
      expect(foreign(await readAll())).toEqual([])
      return remote().mismatches > 0 || (fault === 'drop' && remote().timeouts > 0)
    },
    1000,
  )
  if (fault === 'drop') return
  await until('the connection was replaced', () => proxy.accepted > accepted, 1000)
  // The breaker may have opened with what the old connection owed.
  await until(
    'everything hits again',
    async () => {
      const values = await readAll()
      expect(foreign(values)).toEqual([])
      return values.every(({ got }) => got !== undefined)
    },
    5000,
  )
}

/** What Redis answers to a look-up of another tenant. */
async function replyOfAnother(redis: RedisServer, command: 'GET' | 'MGET'): Promise<Buffer> {
  const key = (await entryKeys(redis)).find((each) => each.includes('organization=org49')) as string
  const value = (await redis.call('GET', key)) as Buffer
  if (command === 'GET') return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')])
  const stamps = (await stampKeys(redis)).filter((each) => /global\||org49/.test(each)).slice(0, 4)
  const values = (await redis.call('MGET', ...stamps)) as readonly Buffer[]
  return encodeCommand([value, ...values])
}
