import { storeContract } from '@cacheado/core/testing'
import type KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../../../test/engines/redis-server.js'
import { createKeyvStore } from '../src/create-keyv-store.js'
import { redisAdapter } from './redis-adapter.js'

const ids = storeContract(() => Promise.reject(new Error('never opened'))).map(({ id }) => id)
const EXCEPT = {
  keys: 'Keyv adapters do not list keys',
  'keys-patterns': 'Keyv adapters do not list keys',
  ...Object.fromEntries(ids.filter((id) => id.startsWith('bus')).map((id) => [id, 'Keyv has no bus'])),
}

describe('the store contract, in one process', () => {
  const map = new Map<string, unknown>()
  const keyv = new Keyv({ namespace: 'n' })
  const keyv6 = new Keyv6({ store: new Map(), namespace: 'n' })

  const setups = {
    'a Map': () => createKeyvStore({ store: map }),
    'Keyv 5': () => createKeyvStore({ keyv }),
    'Keyv 6': () => createKeyvStore({ keyv: keyv6 }),
  }

  for (const [setup, open] of Object.entries(setups)) {
    for (const check of storeContract(open, { except: EXCEPT })) test(`${setup}: ${check.name}`, check.run)
  }
})

describeEngine('redis-server', 'the store contract, on a server', () => {
  let server: RedisServer
  let adapter: KeyvRedis<string>

  beforeAll(async () => {
    server = await startRedis()
    adapter = redisAdapter(server.url)
  })
  afterAll(async () => {
    await adapter.disconnect()
    await server.close()
  })

  const open = () => createKeyvStore({ store: adapter, timeout: '10s' })
  for (const check of storeContract(open, { except: EXCEPT })) test(`@keyv/redis: ${check.name}`, check.run)
})
