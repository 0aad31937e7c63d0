import { createClient, createCluster } from '@redis/client'
import { storeContract } from '@cacheado/core/testing'
import { Redis, Cluster } from 'ioredis'
import { Redis as Redis5, Cluster as Cluster5 } from 'ioredis-5'
import * as nodeRedis4 from 'node-redis-4'
import * as nodeRedis6 from 'node-redis-6'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startCluster, type RedisCluster } from '../../../test/engines/redis-cluster.js'
import { startRedis, type RedisServer } from '../../../test/engines/redis-server.js'
import type { BorrowedClient, RedisStoreOptions } from '../src/index.js'
import { createRedisStore } from '../src/redis-store.js'

type Opened = { readonly client: BorrowedClient; readonly end: () => unknown }

/** Stores whose processes share one engine; borrowed clients end with the suite. */
function contract(
  title: string,
  options: () => Promise<RedisStoreOptions> | RedisStoreOptions,
  isCluster = false,
): void {
  describe(title, () => {
    const open = async () => {
      const store = createRedisStore(await options())
      await store.connect?.()
      return store
    }
    const except = { 'bus-order': 'on a Cluster only the messages of one slot keep their order' }
    for (const check of storeContract(open, isCluster ? { except } : {})) test(check.name, check.run)
  })
}

function borrowed(title: string, open: () => Promise<Opened>, isCluster = false): void {
  describe(title, () => {
    const opened: Opened[] = []
    afterAll(() => Promise.all(opened.map(({ end }) => end())))
    const options = async () => {
      const next = await open()
      opened.push(next)
      return { client: next.client }
    }
    contract('as a borrowed client', options, isCluster)
  })
}

async function connected<C extends { connect(): Promise<unknown>; on(event: string, listener: () => void): unknown }>(
  client: C,
): Promise<C> {
  client.on('error', () => {})
  await client.connect()
  return client
}

describeEngine('redis-server', 'a single server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.close())

  contract('its own client', () => ({ url: server.url }))
  borrowed('node-redis 4', async () => {
    const client = await connected(nodeRedis4.createClient({ url: server.url }))
    return { client, end: () => client.disconnect() }
  })
  borrowed('node-redis 5', async () => {
    const client = await connected(createClient({ url: server.url }))
    return { client, end: () => client.destroy() }
  })
  borrowed('node-redis 6', async () => {
    const client = await connected(nodeRedis6.createClient({ url: server.url }))
    return { client, end: () => client.destroy() }
  })
  borrowed('ioredis', async () => {
    const client = await connected(new Redis(server.url, { lazyConnect: true }))
    return { client, end: () => client.disconnect() }
  })
  borrowed('ioredis 5', async () => {
    const client = await connected(new Redis5(server.url, { lazyConnect: true }))
    return { client, end: () => client.disconnect() }
  })
  borrowed('ioredis with automatic pipelines', async () => {
    const client = await connected(new Redis(server.url, { lazyConnect: true, enableAutoPipelining: true }))
    return { client, end: () => client.disconnect() }
  })
})

describeEngine('redis-server', 'a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 60_000)
  afterAll(() => cluster.close())
  const urls = () => cluster.rootNodes.map(({ host, port }) => `redis://${host}:${port}`)
  const rootNodes = () => urls().map((url) => ({ url }))

  contract('its own client', () => ({ cluster: { nodes: urls() } }), true)
  borrowed(
    'node-redis 5',
    async () => {
      const client = await connected(createCluster({ rootNodes: rootNodes() }))
      return { client, end: () => client.destroy() }
    },
    true,
  )
  borrowed(
    'node-redis 6',
    async () => {
      const client = await connected(nodeRedis6.createCluster({ rootNodes: rootNodes() }))
      return { client, end: () => client.destroy() }
    },
    true,
  )
  borrowed(
    'ioredis',
    async () => {
      const client = await connected(new Cluster([...cluster.rootNodes], { lazyConnect: true }))
      return { client, end: () => client.disconnect() }
    },
    true,
  )
  borrowed(
    'ioredis 5',
    async () => {
      const client = await connected(new Cluster5([...cluster.rootNodes], { lazyConnect: true }))
      return { client, end: () => client.disconnect() }
    },
    true,
  )
  borrowed(
    'node-redis 4',
    async () => {
      const client = await connected(nodeRedis4.createCluster({ rootNodes: rootNodes() }))
      return { client, end: () => client.disconnect() }
    },
    true,
  )
})
