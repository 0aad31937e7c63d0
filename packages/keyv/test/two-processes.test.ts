import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store, StoreItem } from '@cacheado/core/store'
import type KeyvRedis from '@keyv/redis'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEngine } from '../../../test/engines/engine-or-skip.js'
import { startRedis, type RedisServer } from '../../../test/engines/redis-server.js'
import { createKeyvStore } from '../src/create-keyv-store.js'
import { redisAdapter } from './redis-adapter.js'

/** What the other process is told to do. */
export type Order = { readonly id: number } & (
  | { readonly does: 'set'; readonly items: readonly StoreItem[] }
  | { readonly does: 'getMany' | 'delete'; readonly keys: readonly string[] }
  | { readonly does: 'create'; readonly item: StoreItem }
)
type Told<T> = T extends unknown ? Omit<T, 'id'> : never

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const item = (key: string, text: string, ttl = 60_000) => ({ key, value: new TextEncoder().encode(text), ttl })

describeEngine('redis-server', 'two processes on one server', () => {
  let folder: string
  let server: RedisServer
  let adapter: KeyvRedis<string>
  let store: Store
  let other: ChildProcess
  let orders = 0
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()

  const told = (id: number) => new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }))
  const tell = (order: Told<Order>) => {
    const id = ++orders
    other.send({ id, ...order })
    return told(id)
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cacheado-keyv-'))
    const program = join(folder, 'other-process.cjs')
    await build({
      entryPoints: [path('other-process.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      alias: {
        '@cacheado/core/store': path('../../core/src/store/index.ts'),
        '@cacheado/core': path('../../core/src/index.ts'),
      },
    })
    server = await startRedis()
    adapter = redisAdapter(server.url)
    store = createKeyvStore({ store: adapter, timeout: '10s' })
    await store.getMany(['connects'])
    const env = { ...process.env, NODE_PATH: path('../../../node_modules') }
    const ready = told(0)
    other = fork(program, [server.url], { env, serialization: 'advanced' })
    other.on('message', ({ id, result, failure }: { id: number; result: unknown; failure?: string }) => {
      if (failure === undefined) waiting.get(id)?.resolve(result)
      else waiting.get(id)?.reject(new Error(failure))
    })
    await ready
  })
  afterAll(async () => {
    other.kill()
    await adapter.disconnect()
    await server.close()
    rmSync(folder, { recursive: true })
  })

  test('one reads what the other wrote, byte for byte, and that it was deleted', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at)
    await tell({ does: 'set', items: [{ ...item('bytes', ''), value: all }] })
    expect(await store.getMany(['bytes', 'missing'])).toEqual([all, undefined])
    expect(await store.delete(['bytes', 'missing'])).toBe(1)
    expect(await tell({ does: 'getMany', keys: ['bytes'] })).toEqual([undefined])
  })

  test('what both write at once is there', async () => {
    const items = (whose: string) => Array.from({ length: 30 }, (_, at) => item(`${whose}:${at}`, `${whose} ${at}`))
    await Promise.all([store.set(items('ours')), tell({ does: 'set', items: items('theirs') })])
    const written = [...items('ours'), ...items('theirs')]
    expect(await store.getMany(written.map(({ key }) => key))).toEqual(written.map(({ value }) => value))
  })

  test('what both create at once is one of the two afterwards, the same for both', async () => {
    for (let round = 0; round < 20; round++) {
      const key = `created:${round}`
      await Promise.all([store.create(item(key, 'ours')), tell({ does: 'create', item: item(key, 'theirs') })])
      const [here] = await store.getMany([key])
      const there = await tell({ does: 'getMany', keys: [key] })
      expect(['ours', 'theirs']).toContain(new TextDecoder().decode(here))
      expect(there).toEqual([here])
    }
  })
})
