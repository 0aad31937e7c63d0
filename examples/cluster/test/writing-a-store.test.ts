// The store in docs/writing-a-store.md is a store: what the page shows is what runs here.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import type { Store } from '@cacheado/core/store'
import { storeContract } from '@cacheado/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const page = readFileSync(new URL('../../../docs/writing-a-store.md', import.meta.url), 'utf8')
const [, schema = ''] = /```sql\n(.*?)```/s.exec(page) ?? []
const [, code = ''] = /```ts\n(.*?)```/s.exec(page) ?? []
const folder = fileURLToPath(new URL('../../../.cache/writing-a-store/', import.meta.url))

type StoreClass = new (sql: PGlite) => Store

describe('the store of docs/writing-a-store.md', () => {
  let sql: PGlite
  let PostgresStore: StoreClass

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}store.ts`, code)
    const module = (await import(/* @vite-ignore */ `${folder}store.ts`)) as { PostgresStore: StoreClass }
    PostgresStore = module.PostgresStore
    sql = await PGlite.create()
    await sql.exec(schema)
  }, 60_000)
  afterAll(() => sql.close())

  const noBus = 'other processes compare stamps'
  const except = {
    bus: noBus,
    'bus-order': noBus,
    'bus-set': noBus,
    'bus-close': noBus,
    distrust: 'the pool sees to it',
  }
  for (const check of storeContract(() => new PostgresStore(sql), { except })) test(check.name, check.run)

  test('has less than a hundred lines', () => {
    expect(code.split('\n').length).toBeLessThan(100)
  })
})
