import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import * as nodeRedis4 from 'node-redis-4'
import * as nodeRedis6 from 'node-redis-6'
import { afterEach, expect, test } from 'vitest'
import type { Store } from '@cacheado/core/store'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../../../test/engines/redis-server.js'
import { until } from '../../../test/engines/until.js'
import { createRedisStore } from '../src/redis-store.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

const item = (key: string) => ({ key, value: Buffer.from('value of 16 bytes'), ttl: 60_000 })

/** Each way to have a client, connected, with the number of listeners it has. */
const ways = {
  'node-redis 4': (url: string) => opened(nodeRedis4.createClient({ url }), (client) => client.disconnect()),
  'node-redis 5': (url: string) => opened(createClient({ url }), (client) => client.destroy()),
  'node-redis 6': (url: string) => opened(nodeRedis6.createClient({ url }), (client) => client.destroy()),
  'ioredis 5': (url: string) => opened(new Redis5(url, { lazyConnect: true }), (client) => client.disconnect()),
  'ioredis 6': (url: string) => opened(new Redis(url, { lazyConnect: true }), (client) => client.disconnect()),
}

interface Emitting {
  connect(): Promise<unknown>
  on(event: string, listener: () => void): unknown
  eventNames(): (string | symbol)[]
  listenerCount(event: string | symbol): number
}

async function opened<C extends Emitting>(
  client: C,
  end: (client: C) => unknown,
): Promise<{ client: C; listeners: () => number }> {
  client.on('error', () => {})
  await client.connect()
  ends.push(() => Promise.resolve(end(client)).catch(() => {}))
  const listeners = () => client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0)
  return { client, listeners }
}

async function redis(): Promise<RedisServer> {
  const server = await startRedis()
  ends.push(() => server.close())
  return server
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

const connections = async (server: RedisServer) =>
  String(await server.call('CLIENT', 'LIST'))
    .split('\n')
    .filter((line) => line.includes('cmd=') && !line.includes('cmd=client|list')).length

describeEngine('redis-server', 'a borrowed client', () => {
  test.each(Object.entries(ways))('of %s stays as it was, open and without listeners of ours', async (_name, open) => {
    const server = await redis()
    const { client, listeners } = await open(server.url)
    const before = listeners()
    const store = createRedisStore({ client })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.includes('up'))
    for (let at = 0; at < 1_000; at++) await store.set([item(`${at}`)], at % 100 === 0 ? Buffer.from('m') : undefined)
    expect(store.distrust?.()).toBe('borrowed')
    expect(listeners()).toBe(before)
    expect(await connections(server)).toBe(2)
    await store.close()
    await until('the duplicate is gone', async () => (await connections(server)) === 1)
    expect(listeners()).toBe(before)
    const again = createRedisStore({ client })
    expect(await again.getMany(['0'])).toEqual([item('').value])
  })

  test.each(Object.entries(ways))('of %s keeps nothing for later while it is not connected', async (_name, open) => {
    const server = await redis()
    const { client } = await open(server.url)
    const store = createRedisStore({ client })
    await store.set([item('key')])
    await server.kill()
    // What was under way is the client's to keep, or to give up.
    const lost = async () =>
      Promise.race([pause(20, ''), store.getMany(['key']).catch((error: Error) => error.message)])
    const isLost = async () => String(await lost()).includes('not connected')
    await until('the loss is seen', isLost)
    await expect(store.set([item('late')])).rejects.toThrow('not connected')
    await server.restart()
    await until('the store works', () => store.getMany(['key']).then(() => true))
    expect(await store.getMany(['late'])).toEqual([undefined])
  })

  test.each(Object.entries(ways))(
    'of %s listens on a duplicate that comes back after a loss',
    async (_name, open) => {
      const server = await redis()
      const { client } = await open(server.url)
      const store = createRedisStore({ client })
      ends.push(() => store.close())
      const heard = heardBy(store)
      await until('the bus is up', () => heard.length === 1)
      await server.stop()
      await until('it is down', () => heard.length === 2, 2_100)
      await server.continue()
      await until('it is up', () => heard.length === 3)
      await server.restart()
      await until('it is up again', () => heard.length === 5)
      await until('a message arrives', async () => {
        await store.bus?.publish(Buffer.from('message'))
        return heard.includes('message')
      })
      expect(heard.slice(0, 6)).toEqual(['up', 'down', 'up', 'down', 'up', 'message'])
    },
    30_000,
  )

  test.each(Object.entries(ways))('of %s listens on the subscriber it is given', async (_name, open) => {
    const server = await redis()
    const [{ client }, { client: subscriber, listeners }] = [await open(server.url), await open(server.url)]
    const before = listeners()
    const store = createRedisStore({ client, subscriber })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.length === 1)
    expect(await connections(server)).toBe(2)
    await store.set([item('key')], Buffer.from('message'))
    await until('the message came', () => heard.length === 2)
    await server.restart()
    await until('it is down and up', () => heard.length === 4)
    await until('a message arrives', async () => {
      await store.bus?.publish(Buffer.from('again'))
      return heard.includes('again')
    })
    expect(heard.filter((each) => each !== 'again')).toEqual(['up', 'message', 'down', 'up'])
    await store.set([item('key')], Buffer.from('last'))
    await until('the last message came', () => heard.includes('last'))
    expect(heard.filter((each) => each === 'last')).toHaveLength(1)
    await store.close()
    await until('nothing of ours is left', () => listeners() === before)
    const subscribers = async () => String(await server.call('PUBSUB', 'NUMSUB', 'cacheado:bus'))
    await until('it is unsubscribed', async () => (await subscribers()).endsWith(',0'))
  })
})
