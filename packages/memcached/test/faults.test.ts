import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '@cacheado/core/store'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startMemcached, type MemcachedServer } from '../../../test/engines/memcached-server.js'
import { until } from '../../../test/engines/until.js'
import { createMemcachedStore } from '../src/create-memcached-store.js'

const TIMEOUT = 200
const item = (key: string, text: string, ttl = 60_000) => ({ key, value: new TextEncoder().encode(text), ttl })
const read = async (store: Store, key: string) => {
  const [value] = await store.getMany([key])
  return value && new TextDecoder().decode(value)
}

/** What the promise rejects with, and after how long. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error; after: number }> {
  const start = performance.now()
  const error = await promise.then(
    () => new Error('it was fulfilled'),
    (error: Error) => error,
  )
  return { error, after: performance.now() - start }
}

const operations: Record<string, (store: Store) => Promise<unknown>> = {
  getMany: (store) => store.getMany(['a', 'b']),
  set: (store) => store.set([item('a', 'late'), item('b', 'late')]),
  create: (store) => store.create(item('c', 'late')),
  replace: (store) => store.replace(item('a', 'late'), new TextEncoder().encode('first')),
  delete: (store) => store.delete(['a']),
}

describeEngine('memcached', 'a Memcached that fails', () => {
  let server: MemcachedServer
  let store: Store
  const opened: Store[] = []
  const open = (options: { maxItemBytes?: number } = {}) => {
    const created = createMemcachedStore({
      servers: server.address,
      timeout: TIMEOUT,
      connectTimeout: TIMEOUT,
      ...options,
    })
    opened.push(created)
    return created
  }

  beforeEach(async () => {
    server = await startMemcached()
    store = open()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((created) => created.close()))
    await server.close()
  })

  test.each(Object.keys(operations))(
    'frozen: %s rejects within the timeout, never says that nothing is there',
    async (name) => {
      await store.set([item('a', 'first')])
      await server.stop()
      const { error, after } = await failure((operations[name] as (store: Store) => Promise<unknown>)(store))
      expect(error).toMatchObject({ code: 'ERR_CACHE_STORE' })
      expect(after).toBeLessThan(TIMEOUT * 2.5)
    },
  )

  test('frozen under load: everything rejects, and after it goes on each reply is the one asked for', async () => {
    const keys = Array.from({ length: 50 }, (_, at) => `key ${at}`.replace(' ', ':'))
    await store.set(keys.map((key) => item(key, `value of ${key}`)))
    await server.stop()
    const results = await Promise.allSettled(keys.map((key) => read(store, key)))
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    await server.continue()
    await until('it answers again', () => read(store, 'key:0'), 5000)
    expect(await Promise.all(keys.map((key) => read(store, key)))).toEqual(keys.map((key) => `value of ${key}`))
  })

  test('killed: what is under way rejects, later commands reject at once, and it is used again without a restart of ours', async () => {
    await store.set([item('a', 'first')])
    await server.stop()
    const underWay = failure(read(store, 'a'))
    await server.kill()
    expect((await underWay).error).toMatchObject({ code: 'ERR_CACHE_STORE' })
    await failure(read(store, 'a'))
    const { error, after } = await failure(read(store, 'a'))
    expect(error).toMatchObject({ code: 'ERR_CACHE_STORE' })
    expect(after).toBeLessThan(50)
    await server.restart()
    await until('it answers again', async () => (await read(store, 'a')) === undefined, 3000)
    await store.set([item('a', 'second')])
    expect(await read(store, 'a')).toBe('second')
  })

  test('never there: the first command rejects, connect() does not', async () => {
    await server.kill()
    const early = open()
    await early.connect?.()
    expect((await failure(read(early, 'a'))).error).toMatchObject({ code: 'ERR_CACHE_STORE' })
  })

  test('distrusted: what is under way rejects, the next command has a new connection', async () => {
    await store.set([item('a', 'first')])
    await server.stop()
    const underWay = failure(read(store, 'a'))
    expect(store.distrust?.()).toBe('replaced')
    expect((await underWay).error.message).toContain('given up')
    await server.continue()
    expect(await read(store, 'a')).toBe('first')
  })

  test('closed: what is under way rejects, nothing is left open', async () => {
    await store.connect?.()
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    await server.stop()
    const underWay = failure(read(store, 'a'))
    const connecting = open()
    const waiting = failure(read(connecting, 'a'))
    await Promise.all([store.close(), connecting.close()])
    expect((await underWay).error).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect((await waiting).error).toBeInstanceOf(Error)
    await server.kill()
    await until('the sockets are gone', () => {
      return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length < before
    })
    await expect(store.getMany(['a'])).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  })

  test('creating a store and closing it does no I/O', async () => {
    const before = process.getActiveResourcesInfo().toSorted()
    const unused = open()
    expect(process.getActiveResourcesInfo().toSorted()).toEqual(before)
    await unused.close()
  })

  test('a value above the item size rejects, and what was there does not outlive it', async () => {
    await store.set([item('a', 'old'), item('b', 'old')])
    const large = { ...item('a', ''), value: new Uint8Array(1024 ** 2) }
    const { error } = await failure(store.set([large, item('b', 'new')]))
    expect(error.message).toContain('larger than the server takes')
    expect([await read(store, 'a'), await read(store, 'b')]).toEqual([undefined, 'new'])
    await expect(store.create(large)).rejects.toThrow('larger than the server takes')
    await expect(store.replace(large, undefined)).rejects.toThrow('larger than the server takes')
  })

  test('a value that only the server finds too large rejects likewise, and leaves the connection in step', async () => {
    const daring = open({ maxItemBytes: 64 * 1024 ** 2 })
    await daring.set([item('a', 'old')])
    const large = { ...item('a', ''), value: new Uint8Array(2 * 1024 ** 2) }
    const [failed, other] = await Promise.all([failure(daring.set([large])), read(daring, 'b')])
    expect(failed.error.message).toContain('larger than the server takes')
    expect(other).toBeUndefined()
    expect(await read(daring, 'a')).toBeUndefined()
  })
})
