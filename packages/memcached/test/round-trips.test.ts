import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '@cacheado/core/store'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startMemcached, type MemcachedServer } from '../../../test/engines/memcached-server.js'
import { createMemcachedStore } from '../src/create-memcached-store.js'

const item = (key: string) => ({ key, value: new Uint8Array(100), ttl: 60_000 })

describeEngine('memcached', 'what a store sends', () => {
  let server: MemcachedServer
  let proxy: Server
  let store: Store
  let packets = 0

  beforeEach(async () => {
    server = await startMemcached()
    proxy = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1')
      client.on('data', () => packets++)
      client.pipe(upstream).pipe(client)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    store = createMemcachedStore({ servers: `127.0.0.1:${(proxy.address() as AddressInfo).port}` })
    await store.set([item('a'), item('b')])
    packets = 0
  })
  afterEach(async () => {
    await store.close()
    proxy.close()
    await server.close()
  })

  const operations: Record<string, () => Promise<unknown>> = {
    'a read of 250 keys': () => store.getMany(Array.from({ length: 250 }, (_, at) => `key:${at}`)),
    'a write of several items': () => store.set([item('a'), item('b'), item('c')]),
    'what 50 callers read in one turn': () => Promise.all(Array.from({ length: 50 }, () => store.getMany(['a', 'b']))),
    'a deletion of several keys': () => store.delete(['a', 'b', 'missing']),
  }

  test.each(Object.keys(operations))('%s goes out at once', async (name) => {
    await (operations[name] as () => Promise<unknown>)()
    expect(packets).toBe(1)
  })
})
