import { createCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { describeEngine } from '../engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../engines/redis-server.js'

const scopes = { organization: 'global' } as const

// A worker, or a script, may begin with what it came for: it has not read anything before.
describeEngine('redis-server', 'the first operation of a process', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())

  function startTenant() {
    const cache = createCache({ scopes, remote: redisStore({ url: redis.url }), ttl: '1h' })
    onTestFinished(() => cache.close())
    return { cache, tenant: cache.at('organization', { organization: 'acme' }) }
  }

  it('may be an invalidation: the store has it', async () => {
    const { cache, tenant } = startTenant()
    expect(await tenant.invalidate()).toMatchObject({ applied: true })
    expect(cache.stats().remote).toMatchObject({ errors: 0, queued: 0 })
  })

  it('may be twenty writes at once: other processes find all of them', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `key${at}`)
    const { cache, tenant } = startTenant()
    await Promise.all(names.map((name) => tenant.set(name, name)))
    expect(cache.stats().remote).toMatchObject({ errors: 0, dropped: 0, writes: 20 })
    const other = startTenant().tenant
    expect(await Promise.all(names.map((name) => other.get(name)))).toEqual(names)
  })

  it('may be a delete: another process no longer finds the value', async () => {
    await startTenant().tenant.set('gone', 'value')
    await startTenant().tenant.delete('gone')
    expect(await startTenant().tenant.get('gone')).toBeUndefined()
  })
})
