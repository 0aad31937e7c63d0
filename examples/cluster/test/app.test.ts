import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openBilling, Tokens } from 'example-saas'
import type { Billing } from 'example-saas'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startRedis } from '../../../test/engines/redis-server.js'
import type { RedisServer } from '../../../test/engines/redis-server.js'
import { until } from '../../../test/engines/until.js'
import { billingApiContract } from '../../saas/test/billing-api-contract.js'
import type { BillingQueries } from '../src/billing-channel.js'
import { createApp } from '../src/app.js'
import { Actor, Api } from '../src/demo/api.js'
import { findRedisServer } from '../src/redis-server.js'

async function serve(billing: BillingQueries, tokens: Tokens, url: string) {
  const { app, cache } = createApp(billing, tokens, { url, prefix: 'test' })
  await cache.ready()
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cache,
    clearCache: () => cache.clear(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await cache.close()
    },
  }
}

describeEngine('redis-server', 'with a Redis behind it', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())
  billingApiContract('cluster', (billing, tokens) => serve(billing, tokens, redis.url))
})

describeEngine('redis-server', 'two applications behind one Redis', () => {
  const tokens = new Tokens('a secret of the test, 32 bytes long')
  const REPORT = '/reports/monthly'
  let redis: RedisServer
  let billing: Billing
  let apps: Awaited<ReturnType<typeof serve>>[]
  let a: Api
  let b: Api

  beforeAll(async () => {
    redis = await startRedis()
    billing = await openBilling({ invoices: 4_000 })
    apps = await Promise.all([1, 2].map(() => serve(billing, tokens, redis.url)))
    const [first, second] = apps.map(({ url }, at) => new Api({ name: at === 0 ? 'A' : 'B', url }, billing))
    a = first!
    b = second!
  }, 60_000)
  afterAll(async () => {
    await Promise.all((apps ?? []).map((app) => app.close()))
    await billing?.close()
    await redis?.close()
  })

  test('what one loaded is a hit in the other, until one of them invalidates it', async () => {
    const ana = await Actor.named('ana@aurora', tokens)
    const other = await Actor.named('ana@borealis', tokens)
    for (const actor of [ana, other]) {
      expect(await actor.get(a, REPORT)).toMatchObject({ outcome: 'miss', queries: 1 })
      await apps[0]!.cache.settled()
      expect(await actor.get(b, REPORT)).toMatchObject({ outcome: 'hit', queries: 0 })
    }
    expect(await ana.addInvoice(a)).toMatchObject({ status: 201, applied: 'true' })
    await until('the other one knows', async () => (await ana.get(b, REPORT)).outcome !== 'hit', 1_000)
    expect(await other.get(b, REPORT)).toMatchObject({ outcome: 'hit', queries: 0 })
  })

  test('a cold stampede over both of them runs one load', async () => {
    const ana = await Actor.named('ana@fjord', tokens)
    const before = billing.postgres.log.length
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, turn) => ana.get(turn % 2 ? a : b, '/customers/top')),
    )
    expect(billing.postgres.log.length - before).toBe(1)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  })

  test('only an operator removes the keys of an organization, and is told how many', async () => {
    const ana = await Actor.named('ana@cascade', tokens)
    await ana.get(a, REPORT)
    await apps[0]!.cache.settled()
    expect(await ana.delete(a, '/organizations/cascade/cache')).toMatchObject({ status: 403 })
    const operator = await Actor.named('ops@us', tokens, 'operator')
    const { text } = await operator.delete(b, '/organizations/cascade/cache')
    const { removed, examined } = JSON.parse(text) as { removed: number; examined: number }
    expect(removed).toBeGreaterThan(0)
    expect(examined).toBe(removed)
    expect(await redis.call('KEYS', 'test:{organization=cascade}*')).toEqual([])
  })

  test('while Redis is frozen an invalidation says that it is not applied; it is when Redis goes on', async () => {
    const ana = await Actor.named('ana@glacier', tokens)
    await ana.get(a, REPORT)
    await redis.stop()
    try {
      expect(await ana.addInvoice(a)).toMatchObject({ status: 201, applied: 'false' })
      expect(await ana.get(a, REPORT)).toMatchObject({ status: 200, queries: 1 })
    } finally {
      await redis.continue()
    }
    await until('it is applied', async () => (await a.health()).remote.queued === 0, 5_000)
  })
})

test('finds no redis-server where the PATH has none', () => {
  expect(findRedisServer('/nowhere')).toBeUndefined()
})
