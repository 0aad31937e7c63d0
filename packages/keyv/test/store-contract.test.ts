import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeContract } from '@cacheado/core/testing'
import { KeyvSqlite } from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createKeyvStore } from '../src/create-keyv-store.js'

const ids = storeContract(() => Promise.reject(new Error('never opened'))).map(({ id }) => id)
const EXCEPT = {
  keys: 'Keyv adapters do not list keys',
  'keys-patterns': 'Keyv adapters do not list keys',
  ...Object.fromEntries(ids.filter((id) => id.startsWith('bus')).map((id) => [id, 'Keyv has no bus'])),
}

describe('the store contract, in one process', () => {
  let folder: string
  let sqlite: KeyvSqlite
  const map = new Map<string, unknown>()
  const keyv = new Keyv({ namespace: 'n' })
  const keyv6 = new Keyv6({ store: new Map(), namespace: 'n' })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cacheado-keyv-'))
    sqlite = new KeyvSqlite({ uri: `sqlite://${join(folder, 'cache.sqlite')}`, busyTimeout: 5000 })
  })
  afterAll(async () => {
    await sqlite.disconnect()
    rmSync(folder, { recursive: true })
  })

  const setups = {
    'a Map': () => createKeyvStore({ store: map }),
    'a SQLite file': () => createKeyvStore({ store: sqlite, timeout: '10s' }),
    'Keyv 5': () => createKeyvStore({ keyv }),
    'Keyv 6': () => createKeyvStore({ keyv: keyv6 }),
  }

  for (const [setup, open] of Object.entries(setups)) {
    for (const check of storeContract(open, { except: EXCEPT })) test(`${setup}: ${check.name}`, check.run)
  }
})
