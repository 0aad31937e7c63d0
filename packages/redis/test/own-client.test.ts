import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { BusListener, Store } from '@cacheado/core/store'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { freePort } from '../../../test/engines/free-port.js'
import { startRedis, type RedisOptions, type RedisServer } from '../../../test/engines/redis-server.js'
import { until } from '../../../test/engines/until.js'
import type { RedisStoreOptions } from '../src/index.js'
import { createRedisStore } from '../src/redis-store.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function redis(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options)
  ends.push(() => server.close())
  return server
}

async function connectedStore(options: RedisStoreOptions): Promise<Store> {
  const store = createRedisStore(options)
  ends.push(() => store.close())
  await store.connect?.()
  return store
}

const item = (key: string, value = 'value of 16 bytes') => ({ key, value: Buffer.from(value), ttl: 60_000 })
const works = async (store: Store) => (await store.set([item('probe')]), true)

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work
  return performance.now() - start
}

/** What the bus said, in order; messages as text. */
function heardBy(store: Store): string[] {
  const heard: string[] = []
  const listener: BusListener = {
    message: (message) => heard.push(Buffer.from(message).toString()),
    up: () => heard.push('up'),
    down: () => heard.push('down'),
  }
  store.bus?.listen(listener)
  return heard
}

const connections = async (server: RedisServer) =>
  String(await server.call('CLIENT', 'LIST'))
    .split('\n')
    .filter((line) => line.includes('cmd=') && !line.includes('cmd=client')).length

/** How often the server had to read for it: the least of some attempts, since heartbeats come between. */
async function readsOf(server: RedisServer, operation: () => Promise<unknown>): Promise<number> {
  const reads = async () => Number(/total_reads_processed:(\d+)/.exec(String(await server.call('INFO', 'stats')))?.[1])
  const counted = async (work: () => Promise<unknown>) => {
    const before = await reads()
    await work()
    return (await reads()) - before
  }
  const counts: number[] = []
  for (let attempt = 0; attempt < 5; attempt++) {
    counts.push((await counted(operation)) - (await counted(() => Promise.resolve())))
  }
  return Math.min(...counts)
}

describeEngine('redis-server', "a client of the store's own", () => {
  test('takes a server that is not there for an error, at once, and uses it when it is', async () => {
    const port = await freePort()
    const store = await connectedStore({ url: `redis://127.0.0.1:${port}` })
    expect(await timed(expect(store.getMany(['a'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' }))).toBeLessThan(
      50,
    )
    await redis({ port })
    expect(await timed(until('the store works', () => works(store), 3_000))).toBeLessThan(3_000)
  })

  test('is usable within three seconds after its server was killed and started again', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    for (let round = 0; round < 3; round++) {
      await works(store)
      await server.kill()
      await until('the loss is seen', async () =>
        store.getMany(['a']).then(
          () => false,
          () => true,
        ),
      )
      await server.restart()
      expect(await timed(until('the store works', () => works(store), 3_000))).toBeLessThan(3_000)
    }
  })

  test('gives up a frozen server in some three seconds, and is there again three after it goes on', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    await server.stop()
    const pending = [store.getMany(['a']), store.set([item('b')]), store.delete(['c'])]
    const settled = Promise.allSettled(pending)
    expect(await timed(settled)).toBeLessThan(3_500)
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    // What comes now is not kept for later.
    expect(await timed(expect(store.getMany(['a'])).rejects.toThrow('not connected'))).toBeLessThan(50)
    await server.continue()
    expect(await timed(until('the store works', () => works(store), 3_000))).toBeLessThan(3_000)
  }, 30_000)

  test('closes within a second on a frozen server, whatever is under way, and leaves nothing behind', async () => {
    const server = await redis()
    const before = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
    const store = await connectedStore({ url: server.url })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.includes('up'))
    await server.stop()
    const pending = Promise.allSettled([store.getMany(['a']), store.set([item('b')], Buffer.from('message'))])
    expect(await timed(store.close())).toBeLessThan(1_000)
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const isQuiet = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length <= before
    await until('all sockets are closed', isQuiet, 1_500)
    await server.continue()
    await until('the server sees nobody', async () => (await connections(server)) === 0)
  }, 30_000)

  test('leaves no connection behind that it was opening when it was closed', async () => {
    const server = await redis()
    for (const moment of [0, 1, 2, 5, 10]) {
      const store = createRedisStore({ url: server.url })
      const heard = heardBy(store)
      const connecting = store.connect?.()
      if (moment > 0) await new Promise((resolve) => setTimeout(resolve, moment))
      await store.close()
      await connecting
      expect(heard.at(-1)).not.toBe('message')
    }
    await until('the server sees nobody', async () => (await connections(server)) === 0, 3_000)
  })

  test('replaces its connections at once when it is told to distrust them', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.length === 1)
    const idsBefore: string[] = String(await server.call('CLIENT', 'LIST')).match(/\bid=\d+/g) ?? []
    await server.stop()
    const pending = expect(store.getMany(['a'])).rejects.toThrow()
    expect(store.distrust?.()).toBe('replaced')
    await pending
    await server.continue()
    await until('the store works', () => works(store), 3_000)
    await until('the bus is up', () => heard.join() === 'up,down,up')
    const idsAfter: string[] = String(await server.call('CLIENT', 'LIST')).match(/\bid=\d+/g) ?? []
    expect(idsAfter.filter((id) => idsBefore.includes(id))).toEqual([])
  })

  test('does not write what was under way when its connection was distrusted, again', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    await server.stop()
    const pending = Promise.allSettled([store.set([item('once')], Buffer.from('m'))])
    store.distrust?.()
    expect(await pending).toMatchObject([{ status: 'rejected' }])
  })

  test('goes on after the server forgot its scripts', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    for (let round = 0; round < 2; round++) {
      await server.call('SCRIPT', 'FLUSH')
      expect(await store.replace(item(`replace ${round}`), undefined)).toBe(true)
      await server.call('SCRIPT', 'FLUSH')
      expect(await store.create(item(`create ${round}`))).toEqual(item('').value)
    }
  })

  test('takes a key of another type for nothing, next to others too, and writes over it', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url, prefix: 'shop' })
    const makeHash = () => server.call('HSET', 'shop:hash', 'field', 'value')
    await store.set([item('string')])
    await makeHash()
    expect(await store.getMany(['hash'])).toEqual([undefined])
    expect(await store.getMany(['hash', 'string'])).toEqual([undefined, item('').value])
    expect(await store.replace(item('hash'), item('').value)).toBe(false)
    expect(await store.replace(item('hash'), undefined)).toBe(true)
    await server.call('DEL', 'shop:hash')
    await makeHash()
    expect(await store.create(item('hash'))).toEqual(item('').value)
    expect(await store.getMany(['hash'])).toEqual([item('').value])
  })

  test('lists its own keys alone, whatever characters are in them', async () => {
    const server = await redis()
    const mine = await connectedStore({ url: server.url, prefix: 'shop-1' })
    const other = await connectedStore({ url: server.url, prefix: 'shop-10' })
    const odd = ['a*b', 'a[b]c', 'a?b', 'a\\b', 'a^b', 'a-b', 'a]b']
    await mine.set([...odd, 'axb', 'a*'].map((key) => item(key)))
    await other.set([item('a*b'), item('axb')])
    await server.call('SET', 'shop-1', 'no colon')
    for (const key of odd) {
      const listed: string[] = []
      for await (const slice of mine.keys!(key)) listed.push(...slice)
      expect(new Set(listed)).toEqual(new Set([key]))
    }
    const all = new Set<string>()
    for await (const slice of mine.keys!('')) for (const key of slice) all.add(key)
    expect(all).toEqual(new Set([...odd, 'axb', 'a*']))
  })

  test('needs one round trip for each operation, and few for all of one tick, over one connection', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    await store.create(item('a'))
    await store.replace(item('b'), undefined)
    const many = Array.from({ length: 1_000 }, (_, at) => `${at}`)
    expect(await readsOf(server, () => store.getMany(['a']))).toBe(1)
    expect(await readsOf(server, () => store.getMany(['a', 'b', 'c']))).toBe(1)
    expect(await readsOf(server, () => store.set([item('a'), item('b')], Buffer.from('message')))).toBe(1)
    expect(await readsOf(server, () => store.create(item('a')))).toBe(1)
    expect(await readsOf(server, () => store.replace(item('a'), item('').value))).toBe(1)
    expect(await readsOf(server, () => store.delete(['c', 'd']))).toBe(1)
    expect(await readsOf(server, () => Promise.all(many.map((key) => store.getMany([key]))))).toBeLessThan(20)
    expect(await connections(server)).toBe(1)
  })

  test('warns of no leak of listeners in 1,000 operations and 20 lost connections', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    ends.push(() => process.off('warning', warned))
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    const heard = heardBy(store)
    for (let round = 0; round < 20; round++) {
      await until('the store works', () => works(store))
      for (let at = 0; at < 50; at++) await store.getMany([`${at}`])
      await server.call('CLIENT', 'KILL', 'TYPE', 'normal')
      await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    }
    await until('the store works', () => works(store))
    await until('the bus is up', () => heard.at(-1) === 'up')
    expect(warnings).toEqual([])
    expect(await connections(server)).toBe(2)
  })

  test('connects as a user of an access list that may do only what it needs', async () => {
    const server = await redis()
    const commands = ['get', 'mget', 'set', 'getrange', 'type', 'unlink', 'scan', 'eval', 'evalsha', 'ping']
    const bus = ['publish', 'subscribe', 'unsubscribe']
    await server.call(
      ...['ACL', 'SETUSER', 'shop', 'on', '>secret', '~shop:*', 'resetchannels', '&shop:bus'],
      ...[...commands, ...bus].map((command) => `+${command}`),
    )
    const store = await connectedStore({ url: server.url, username: 'shop', password: 'secret', prefix: 'shop' })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.includes('up'))
    await store.set([item('a'), item('b')], Buffer.from('message'))
    expect(await store.getMany(['a', 'b', 'c'])).toEqual([item('').value, item('').value, undefined])
    expect(await store.replace(item('a'), item('').value)).toBe(true)
    await store.create(item('c'))
    for await (const slice of store.keys!('c')) expect(slice).toEqual(['c'])
    expect(await store.delete(['a', 'b', 'c'])).toBe(3)
    await until('the message came', () => heard.includes('message'))
    const stranger = await connectedStore({ url: server.url.replace('//', '//shop:wrong@'), prefix: 'shop' })
    await expect(stranger.getMany(['a'])).rejects.toThrow('not connected')
  })

  test('uses the database of its URL, and its own prefix', async () => {
    const server = await redis()
    const store = await connectedStore({ url: `${server.url}/3`, prefix: 'shop' })
    await store.set([item('key')])
    expect(await server.call('GET', 'shop:key')).toBeNull()
    expect(String(await server.call('INFO', 'keyspace'))).toContain('db3:keys=1')
  })

  test('speaks TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cacheado-tls-'))
    ends.push(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    )
    const tlsPort = await freePort()
    const args = ['--tls-port', String(tlsPort), '--tls-cert-file', cert, '--tls-key-file', key]
    await redis({ args: [...args, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'] })
    const url = `rediss://127.0.0.1:${tlsPort}`
    const store = await connectedStore({ url, socket: { tls: true, ca: readFileSync(cert) } })
    expect(await works(store)).toBe(true)
    const doubting = await connectedStore({ url })
    await expect(works(doubting)).rejects.toThrow('not connected')
  })
})

describeEngine('redis-server', 'the bus', () => {
  test('says within two seconds that a frozen server says nothing, and comes back with it', async () => {
    const server = await redis()
    const [sender, receiver] = [await connectedStore({ url: server.url }), await connectedStore({ url: server.url })]
    const heard = heardBy(receiver)
    await until('the bus is up', () => heard.length === 1)
    await server.stop()
    expect(await timed(until('it is down', () => heard.length === 2))).toBeLessThan(2_050)
    await server.continue()
    expect(await timed(until('it is up', () => heard.length === 3))).toBeLessThan(3_000)
    await until('a message arrives', async () => {
      await sender.bus?.publish(Buffer.from('message'))
      return heard.includes('message')
    })
    expect(heard.slice(0, 4)).toEqual(['up', 'down', 'up', 'message'])
  })

  test('listens again after the server was killed and started again, and after its connection was cut', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    const heard = heardBy(store)
    await until('the bus is up', () => heard.length === 1)
    await server.kill()
    await until('it is down', () => heard.length === 2)
    await server.restart()
    await until('it is up', () => heard.length === 3, 3_000)
    await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until('it is up', () => heard.length === 5, 3_000)
    await store.set([], Buffer.from('message'))
    await until('the message came', () => heard.length === 6)
    expect(heard).toEqual(['up', 'down', 'up', 'down', 'up', 'message'])
  })

  test('is up for whoever begins to listen late', async () => {
    const server = await redis()
    const store = await connectedStore({ url: server.url })
    const first = heardBy(store)
    await until('the bus is up', () => first.length === 1)
    expect(heardBy(store)).toEqual(['up'])
  })
})
