import { createSentinel } from '@redis/client'
import { isCacheError } from '@cacheado/core'
import { Redis } from 'ioredis'
import { createClient as createClient6 } from 'node-redis-6'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { RedisStoreOptions } from '../src/index.js'
import { createRedisStore } from '../src/redis-store.js'

const url = 'redis://127.0.0.1:6379'

function optionOf(options: unknown): string | undefined {
  try {
    createRedisStore(options as RedisStoreOptions)
  } catch (error) {
    if (isCacheError(error, 'ERR_CACHE_CONFIG')) return error.option
    throw error
  }
  return undefined
}

describe('options', () => {
  test.each([
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'a b' }],
    ['prefix', { prefix: 'a*' }],
    ['prefix', { prefix: '{shop}' }],
    ['prefix', { prefix: 'shop\n' }],
    ['prefix', { prefix: 'lojä' }],
    ['prefix', { prefix: 7 }],
    ['url', { url: 'http://127.0.0.1' }],
    ['url', { url: 'redis://127.0.0.1/shop' }],
    ['url', { url: 7 }],
    ['database', { database: -1 }],
    ['database', { database: 1, cluster: { nodes: [url] } }],
    ['cluster', { url, cluster: { nodes: [url] } }],
    ['cluster.nodes', { cluster: { nodes: [] } }],
    ['cluster.nodes[1]', { cluster: { nodes: [url, 'localhost:1'] } }],
    ['sentinel.name', { sentinel: { name: '', nodes: [url] } }],
    ['sentinel.nodes', { sentinel: { name: 'shop' } }],
    ['socket', { socket: true }],
    ['socket.reconnectStrategy', { socket: { reconnectStrategy: false } }],
    ['socket.connectTimeout', { socket: { connectTimeout: 60_000 } }],
    ['subscriber', { subscriber: {} }],
    ['client', { client: {} }],
    ['client', { client: null }],
    ['client', { url, client: {} }],
  ])('names %s where it is wrong', (option, options) => {
    expect(optionOf(options)).toBe(option)
  })

  test('takes no options for a client that is borrowed, and no prefix of its own', () => {
    const client = new Redis({ lazyConnect: true })
    expect(optionOf({ client, password: 'secret' })).toBe('password')
    expect(optionOf({ client, subscriber: {} })).toBe('subscriber')
    expect(optionOf({ client: new Redis({ lazyConnect: true, keyPrefix: 'shop:' }) })).toBe('client')
    const sentinel = createSentinel({ name: 'shop', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })
    expect(optionOf({ client: sentinel })).toBe('client')
    expect(optionOf({ client: createClient6({ keyPrefix: 'shop:' }) })).toBe('client')
  })

  test('connects to nothing before it is asked to', async () => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const store = createRedisStore({ url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await new Promise((resolve) => setImmediate(resolve))
    expect(connections).toBe(0)
    await expect(store.getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    await store.connect?.()
    expect(connections).toBe(1)
    await store.close()
    server.close()
  })
})
