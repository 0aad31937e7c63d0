import { storeContract } from '@cacheado/core/testing'
import { MemcacheClient } from 'memcache-client'
import { afterAll, beforeAll, test } from 'vitest'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startMemcached, type MemcachedServer } from '../../../test/engines/memcached-server.js'
import { createMemcachedStore } from '../src/create-memcached-store.js'

const NOT_OFFERED = {
  keys: 'Memcached cannot list keys',
  'keys-patterns': 'Memcached cannot list keys',
}
const NO_BUS = 'Memcached has no bus'
const EXCEPT = { ...NOT_OFFERED, ...Object.fromEntries(busChecks().map((id) => [id, NO_BUS])) }

function busChecks(): readonly string[] {
  const ids = storeContract(() => Promise.reject(new Error('never opened'))).map(({ id }) => id)
  return ids.filter((id) => id.startsWith('bus'))
}

describeEngine('memcached', 'the store contract', () => {
  const servers: MemcachedServer[] = []
  const clients: MemcacheClient[] = []

  beforeAll(async () => {
    // A value of 1 MiB and its key do not fit into the server's default of 1 MiB.
    const start = () => startMemcached({ args: ['-I', '2m'] })
    servers.push(...(await Promise.all([start(), start(), start()])))
  })
  afterAll(async () => {
    for (const client of clients) client.shutdown()
    await Promise.all(servers.map((server) => server.close()))
  })

  const addresses = () => servers.map(({ address }) => address)
  const client = () => {
    const opened = new MemcacheClient({ server: addresses()[0] as string })
    clients.push(opened)
    return opened
  }
  const setups = {
    'one server': () => createMemcachedStore({ servers: addresses().slice(0, 1), maxItemBytes: '2mb' }),
    'three servers': () => createMemcachedStore({ servers: addresses(), maxItemBytes: '2mb' }),
    'a borrowed client': () => createMemcachedStore({ client: client(), maxItemBytes: '2mb' }),
  }

  for (const [setup, open] of Object.entries(setups)) {
    for (const check of storeContract(open, { except: EXCEPT, deadline: 8000 })) {
      test.concurrent(`${setup}: ${check.name}`, check.run)
    }
  }
})
