// The contract of a store, over a line that cuts every reply into single bytes.
import { storeContract } from '@cacheado/core/testing'
import { afterAll, beforeAll, test } from 'vitest'
import { createRedisStore } from '../../packages/redis/src/redis-store.js'
import { anyRedis, type AnyRedis } from './any-redis.js'
import { describeEngine } from './engine-or-skip.js'
import { startProxy, type RespProxy } from './resp-proxy.js'

describeEngine('redis', 'over a line of single bytes, the store of @cacheado/redis', () => {
  let redis: AnyRedis
  let url: URL
  let proxy: RespProxy

  beforeAll(async () => {
    redis = await anyRedis()
    url = new URL(redis.url)
    proxy = await startProxy({ host: url.hostname, port: Number(url.port || 6379) })
    url.host = `127.0.0.1:${proxy.port}`
    proxy.rules({ fragment: 1 })
  })
  afterAll(async () => {
    await proxy.close()
    await redis.close()
  })

  const open = async () => {
    const store = createRedisStore({ url: url.href })
    await store.connect?.()
    return store
  }
  for (const check of storeContract(open)) test(check.name, check.run)
})
