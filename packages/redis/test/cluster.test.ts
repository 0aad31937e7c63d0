import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Store } from '@cacheado/core/store'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startCluster, type RedisCluster } from '../../../test/engines/redis-cluster.js'
import { until } from '../../../test/engines/until.js'
import { createRedisStore } from '../src/redis-store.js'
import { keySlot } from '../src/key-slot.js'

const item = (key: string, value = 'value of 16 bytes') => ({ key, value: Buffer.from(value), ttl: 60_000 })
const everywhere = Array.from({ length: 100 }, (_, at) => `key ${at}`.replace(' ', '-'))

const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

async function storeOf(cluster: RedisCluster, prefix?: string): Promise<Store> {
  const nodes = cluster.rootNodes.map(({ host, port }) => `redis://${host}:${port}`)
  const store = createRedisStore({ cluster: { nodes }, ...(prefix === undefined ? {} : { prefix }) })
  stores.push(store)
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

async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work
  return performance.now() - start
}

const worksEverywhere = async (store: Store) => {
  await store.set(everywhere.map((key) => item(key)))
  const values = await store.getMany(everywhere)
  return values.every((value) => value !== undefined)
}

describeEngine('redis-server', 'a cluster that is well', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 60_000)
  afterAll(() => cluster.close())

  test('counts slots as the servers do', async () => {
    for (const key of [
      '',
      'a',
      '{a}b',
      'x{a}b',
      'x{}b',
      '{a',
      'a}b{c}',
      '{{a}}',
      'cacheado:{o%2F1}:k',
      'x'.repeat(2_000),
    ]) {
      expect(keySlot(key)).toBe(Number(await cluster.servers[0]!.call('CLUSTER', 'KEYSLOT', key)))
    }
  })

  test('reads, writes, deletes and lists keys of all slots together', async () => {
    const store = await storeOf(cluster, 'slots')
    await store.set(everywhere.map((key) => item(key, `value of ${key}`)))
    const values = await store.getMany([...everywhere, 'missing'])
    expect(values.map((value) => value && Buffer.from(value).toString())).toEqual([
      ...everywhere.map((key) => `value of ${key}`),
      undefined,
    ])
    const listed = new Set<string>()
    for await (const slice of store.keys!('key')) for (const key of slice) listed.add(key)
    expect(listed).toEqual(new Set(everywhere))
    expect(await store.delete([...everywhere, 'missing'])).toBe(100)
  })

  test('never tells of a write before it is there, while its slot moves to another master', async () => {
    const [writer, reader] = [await storeOf(cluster, 'moving'), await storeOf(cluster, 'moving')]
    const names = ['{tenant}:a', '{tenant}:b']
    const reads: Promise<readonly (Uint8Array | undefined)[]>[] = []
    let isUp = false
    reader.bus?.listen({
      message: () => void reads.push(reader.getMany(names).catch(() => reader.getMany(names))),
      up: () => void (isUp = true),
      down() {},
    })
    await until('the bus is up', () => isUp)
    const write = (round: number) =>
      writer.set(
        names.map((name) => item(name, `round ${round}`)),
        Buffer.from(`${round}`),
      )
    await write(0)
    for (let round = 1; round <= 5; round++) {
      const migration = await cluster.migrateSlot(keySlot('{tenant}'))
      await migration.finish()
      // The reader knows already where the slot is; the writer is sent there, while nobody holds up its message.
      await reader.getMany(names)
      await write(round)
      await until('the message came', () => reads.length === round + 1)
      const values = (await reads[round]!).map((value) => value && Buffer.from(value).toString())
      expect(values).toEqual([`round ${round}`, `round ${round}`])
    }
  }, 30_000)

  test('goes on through a failover that is asked for', async () => {
    const store = await storeOf(cluster)
    await until('the store works', () => worksEverywhere(store))
    await cluster.failover(0)
    expect(await timed(until('the store works', () => worksEverywhere(store), 5_000))).toBeLessThan(5_000)
  }, 60_000)
})

describeEngine('redis-server', 'a cluster that loses nodes', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 60_000)
  afterAll(() => cluster.close())

  test('serves the rest when a master hangs, and everything soon after another has taken over', async () => {
    const store = await storeOf(cluster)
    const heard = heardBy(store)
    await until('the bus is up', () => heard.includes('up'))
    await until('the store works', () => worksEverywhere(store))
    const master = await cluster.ownerOf(0)
    const served = new Set(
      (await cluster.nodes()).filter(({ port }) => port !== master.port).flatMap(({ slots }) => slots),
    )
    const healthy = everywhere.find((key) => {
      const slot = keySlot(`cacheado:${key}`)
      return [...served].some(([first, last]) => first <= slot && slot <= last)
    })!
    await master.stop()
    const failures: string[] = []
    const end = performance.now() + 4_000
    while (performance.now() < end) {
      await store.getMany([healthy]).catch((error: Error) => failures.push(error.message))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // What is left while the cluster itself refuses everything: the moments in which the nodes are asked anew.
    const ours = failures.filter((message) => !message.startsWith('CLUSTERDOWN'))
    expect(ours.length).toBeLessThan(10)
    await until('the store works', () => worksEverywhere(store), 8_000)
    await master.continue()
    await cluster.settled()
    await until('the store works', () => worksEverywhere(store), 5_000)
    expect(heard.at(-1)).toBe('up')
  }, 60_000)

  test('finds the new master after the old one was killed, and listens again, if that was where it did', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => storeOf(cluster)))
    const heard = all.map(heardBy)
    await until('all are up', () => heard.every((each) => each.includes('up')))
    await Promise.all(all.map((store) => until('the store works', () => worksEverywhere(store))))
    await cluster.killMaster(1)
    await cluster.settled()
    const healed = Promise.all(all.map((store) => until('the store works', () => worksEverywhere(store), 5_000)))
    expect(await timed(healed)).toBeLessThan(5_000)
    await until('all are up', () => heard.every((each) => each.at(-1) === 'up'))
    await all[0]!.set([item('last')], Buffer.from('after'))
    await until('all hear', () => heard.every((each) => each.at(-1) === 'after'))
  }, 60_000)

  test('gives up when all nodes hang, and leaves no socket when it is closed', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
    const store = await storeOf(cluster)
    heardBy(store)
    await until('the store works', () => worksEverywhere(store))
    const running = cluster.servers.filter(({ isRunning }) => isRunning)
    for (const server of running) await server.stop()
    const pending = Promise.allSettled(everywhere.map((key) => store.getMany([key])))
    // Nothing answers, so nothing is kept waiting; and attempts to connect to the frozen nodes go on when it is closed.
    expect(await timed(pending)).toBeLessThan(4_500)
    await expect(store.getMany(['key'])).rejects.toThrow('not connected')
    expect(await timed(store.close())).toBeLessThan(1_000)
    expect((await pending).every(({ status }) => status === 'rejected')).toBe(true)
    const isQuiet = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length <= before
    await until('all sockets are closed', isQuiet, 2_500)
    for (const server of running) await server.continue()
  }, 60_000)
})
