import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Store } from '@cacheado/core/store'
import { binaryOf, describeEngine } from '../../../test/engines/engine-or-skip.js'
import { EngineProcess } from '../../../test/engines/engine-process.js'
import { redisCall } from '../../../test/engines/raw-connection.js'
import { startRedis, type RedisServer } from '../../../test/engines/redis-server.js'
import { until } from '../../../test/engines/until.js'
import { createRedisStore } from '../src/redis-store.js'

const item = (key: string) => ({ key, value: Buffer.from('value of 16 bytes'), ttl: 60_000 })

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function startSentinel(master: RedisServer): Promise<EngineProcess> {
  const sentinel = await EngineProcess.start({
    binary: binaryOf('redis-server'),
    args: (port, folder) => {
      const file = join(folder, 'sentinel.conf')
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `sentinel monitor shop 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds shop 500',
        'sentinel failover-timeout shop 2000',
      ]
      writeFileSync(file, lines.join('\n'))
      return [file, '--sentinel']
    },
    answers: async (port) => (await redisCall(port, 'PING')) === 'PONG',
  })
  ends.push(() => sentinel.close())
  return sentinel
}

async function startPair(): Promise<[RedisServer, RedisServer, EngineProcess]> {
  const master = await startRedis()
  ends.push(() => master.close())
  const args = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0']
  const replica = await startRedis({ args })
  ends.push(() => replica.close())
  await until('the replica follows', async () =>
    String(await replica.call('INFO', 'replication')).includes('master_link_status:up'),
  )
  const sentinel = await startSentinel(master)
  await until('the sentinel knows the replica', async () => {
    const replicas = (await redisCall(sentinel.port, 'SENTINEL', 'REPLICAS', 'shop')) as readonly unknown[]
    return replicas.length === 1
  })
  return [master, replica, sentinel]
}

async function storeOf(...ports: number[]): Promise<Store> {
  const store = createRedisStore({
    sentinel: { name: 'shop', nodes: ports.map((port) => `redis://127.0.0.1:${port}`) },
  })
  ends.push(() => store.close())
  await store.connect?.()
  return store
}

function heardBy(store: Store): string[] {
  const heard: string[] = []
  store.bus?.listen({
    message: (message) => heard.push(Buffer.from(message).toString()),
    up: () => heard.push('up'),
    down: () => heard.push('down'),
  })
  return heard
}

const works = async (store: Store) => (await store.set([item('probe')]), true)

describeEngine('redis-server', 'a master that sentinels name', () => {
  test('is found, though another sentinel is gone', async () => {
    const [master, , sentinel] = await startPair()
    const store = await storeOf(1, sentinel.port)
    await store.set([item('key')])
    expect(await master.call('EXISTS', 'cacheado:key')).toBe(1)
  })

  test('is followed when another takes over, by its bus too', async () => {
    const [master, replica, sentinel] = await startPair()
    const store = await storeOf(sentinel.port)
    const heard = heardBy(store)
    await until('the bus is up', () => heard.length === 1)
    await works(store)
    await master.kill()
    const isMaster = async () => String(await replica.call('ROLE')).startsWith('master')
    await until('the replica is master', isMaster)
    const start = performance.now()
    await until('the store works', () => works(store), 5_000)
    expect(performance.now() - start).toBeLessThan(5_000)
    await until('the bus is up', () => heard.at(-1) === 'up')
    await store.set([item('key')], Buffer.from('message'))
    await until('the message came', () => heard.at(-1) === 'message')
  }, 30_000)

  test('is left when it is demoted, though it goes on answering', async () => {
    const [master, replica, sentinel] = await startPair()
    const store = await storeOf(sentinel.port)
    await works(store)
    await until('the failover begins', () => redisCall(sentinel.port, 'SENTINEL', 'FAILOVER', 'shop'))
    const isFollower = async () => String(await master.call('ROLE')).startsWith('slave')
    await until('the old master follows', isFollower)
    await until('the store works', () => works(store), 5_000)
    await store.set([item('after')])
    expect(await replica.call('EXISTS', 'cacheado:after')).toBe(1)
  }, 40_000)
})
