import { deflateRawSync } from 'node:zlib'
import { ScopedCache } from '@cacheado/core'
import type { Codec, Store } from '@cacheado/core/store'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { registerResponseCodecs } from '../../src/http/response-codec.js'
import { VariantIndex } from '../../src/http/variant-index.js'
import { decodeEnvelope } from '../../src/store/envelope-reader.js'
import { encodeEnvelope } from '../../src/store/envelope-writer.js'
import { Sealing } from '../../src/store/sealing.js'
import { handLoader } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, type Cluster } from './cluster.js'
import { storeWith } from './store-with.js'

expectNoUnhandledRejection()

afterEach(() => void vi.restoreAllMocks())

const TEXT = 'abc '.repeat(1000)
/** Shrinks, though not so much that it would be taken for a bomb. */
const VARIED = Array.from({ length: 4000 }, (_, at) => ((at * at * 7919) % 1009).toString(16)).join('')

function keyOf({ engine }: Cluster): string {
  return engine.keys().find((key) => key.endsWith('|k')) as string
}

/** Two processes that compress, and what the first one wrote. */
async function compressed(): Promise<Cluster> {
  const codec: Codec = {
    name: 'text',
    encode: (value) => Buffer.from(value as string),
    decode: (bytes) => Buffer.from(bytes).toString(),
  }
  const made = await cluster({ remote: { codec, compressAbove: '1kb' } })
  await made.node(0).cache.global.set('k', VARIED)
  return made
}

describe('a compressed value', () => {
  it('is whole in the other process', async () => {
    const made = await compressed()
    expect(made.engine.raw(keyOf(made))!.length).toBeLessThan(VARIED.length * 0.9)
    expect(await made.node(1).cache.global.get('k')).toBe(VARIED)
    await made.close()
  })

  it('is a miss where its scope is invalidated while it is taken apart', async () => {
    const made = await compressed()
    const { global } = made.node(1).cache
    const reading = global.get('k')
    // The store answers within some microtasks; zlib needs a turn of the event loop.
    for (let step = 0; step < 100; step++) await undefined
    const invalidating = global.invalidate()
    expect(await reading).toBeUndefined()
    await invalidating
    await made.close()
  })

  it.each([
    ['what no deflate made', (payload: Uint8Array) => payload.map(() => 0xff)],
    ['something shorter than was said', () => deflateRawSync(Buffer.from(VARIED.slice(1)))],
  ])('is a miss, and counted, where it is %s', async (_what, spoil) => {
    const made = await compressed()
    const [key, sealing] = [keyOf(made), new Sealing(undefined)]
    const opened = decodeEnvelope(made.engine.raw(key)!, key, sealing)
    if (opened.refused !== undefined || opened.content.kind !== 'value') throw new Error('it is not there')
    const content = { ...opened.content, payload: spoil(opened.content.payload) }
    made.engine.put(key, encodeEnvelope({ writeId: opened.writeId, identity: key, content }, sealing))
    expect(await made.node(1).cache.global.get('k')).toBeUndefined()
    expect(made.node(1).cache.stats().remote).toMatchObject({ corrupt: 1, misses: 1 })
    await made.close()
  })

  it('is a miss, and counted, on a platform that cannot read it', async () => {
    const made = await compressed()
    const original = process.getBuiltinModule.bind(process)
    const without = (name: string) => (name === 'node:zlib' ? undefined : original(name))
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(without)
    expect(await made.node(1).cache.global.get('k')).toBeUndefined()
    expect(made.node(1).cache.stats().remote).toMatchObject({ corrupt: 1 })
    await made.close()
  })
})

describe('a codec', () => {
  /** Takes texts; cannot read one of them, nor write some others. */
  const codec: Codec = {
    name: 'particular',
    encode(value) {
      if (value === 'unwritable') throw new Error('not this one')
      return value === 'endless' ? new Uint8Array(8 * 1024 * 1024 + 1) : Buffer.from(value as string)
    },
    decode(bytes) {
      const text = Buffer.from(bytes).toString()
      if (text === 'unreadable') throw new Error('not this one')
      return text
    },
  }

  it('that throws while it reads makes it a miss, which is counted', async () => {
    const made = await cluster({ remote: { codec } })
    const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
    await a.set('k', 'unreadable')
    expect(await b.get('k')).toBeUndefined()
    expect(made.node(1).cache.stats().remote).toMatchObject({ corrupt: 1, misses: 1 })
    expect(await b.getOrSet('k', () => 'new')).toBe('new')
    await made.close()
  })

  it.each([
    ['throws while it writes', 'unwritable'],
    ['makes more than 8 MiB', 'endless'],
  ])('that %s leaves the value in its process', async (_what, value) => {
    const made = await cluster({ remote: { codec } })
    const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
    await a.set('k', 'before')
    await a.set('k', value)
    expect(await a.get('k')).toBe(value)
    expect(await b.get('k')).toBeUndefined()
    expect(made.node(0).cache.stats().remote).toMatchObject({ unencodable: 1 })
    await made.close()
  })

  it('of routes is used beside the own one, and what it wrote is a miss where there is none', async () => {
    const made = await cluster({ nodes: 3, remote: { codec } })
    for (const node of [0, 1]) registerResponseCodecs(ScopedCache.engineOf(made.node(node).cache))
    const index = new VariantIndex('id')
    index.learn(['accept'])
    await made.node(0).cache.global.set('k', index)
    const read = await made.node(1).cache.global.get<VariantIndex>('k')
    expect(read).toBeInstanceOf(VariantIndex)
    expect(read?.names).toEqual(index.names)
    expect(await made.node(2).cache.global.get('k')).toBeUndefined()
    await made.close()
  })
})

it('a value from the store is frozen like one that was set here', async () => {
  const made = await cluster({ cache: { values: 'freeze' } })
  await made.node(0).cache.global.set('k', { list: [1] })
  const read = await made.node(1).cache.global.get<{ list: number[] }>('k')
  expect(read).toEqual({ list: [1] })
  expect(Object.isFrozen(read?.list)).toBe(true)
  await made.close()
})

it('a value that memory has no room for is in the store all the same, and read from there each time', async () => {
  const made = await cluster({ cache: { memory: { maxBytes: '2kb' } } })
  const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
  await a.set('k', TEXT)
  expect(a.sync.get('k')).toBeUndefined()
  for (const cache of [a, b, b]) expect(await cache.get('k')).toBe(TEXT)
  expect(made.node(1).cache.stats().remote).toMatchObject({ hits: 2 })
  expect(await a.getOrSet('l', () => TEXT)).toBe(TEXT)
  await made.settle()
  expect(await b.get('l')).toBe(TEXT)
  await made.close()
})

describe('an answer', () => {
  async function answering(answer: (values: readonly (Uint8Array | undefined)[]) => unknown): Promise<Cluster> {
    const wrap = (store: Store, node: number): Store => {
      const getMany = async (keys: readonly string[]) => {
        const values = await store.getMany(keys)
        return (keys[0]?.endsWith('|k') ? answer(values) : values) as readonly (Uint8Array | undefined)[]
      }
      return node === 0 ? store : storeWith(store, { getMany })
    }
    const made = await cluster({ wrap })
    await made.node(0).cache.global.set('k', 'v')
    await made.settle()
    return made
  }

  it('of another number of values than were asked for is a miss and an alarm', async () => {
    const made = await answering((values) => [...values, undefined])
    expect(await made.node(1).cache.global.get('k')).toBeUndefined()
    expect(made.node(1).cache.stats().remote).toMatchObject({ mismatches: 1, hits: 0 })
    await made.close()
  })

  it('that is no bytes at all is a miss, and what is loaded instead is served', async () => {
    for (const answer of [() => undefined, (values: readonly unknown[]) => values.map(() => 'text')]) {
      const made = await answering(answer)
      expect(await made.node(1).cache.global.get('k')).toBeUndefined()
      expect(await made.node(1).cache.global.getOrSet('k', () => 'loaded')).toBe('loaded')
      await made.close()
    }
  })
})

describe('what no codec takes', () => {
  class Custom {}

  it('is kept for as long as it is asked for often enough, though the store has nothing of it', async () => {
    const made = await cluster({ nodes: 1 })
    const { global } = made.node(0).cache
    const value = await global.getOrSet('k', () => new Custom())
    for (let look = 0; look < 3; look++) {
      await made.pass(31_000)
      expect(await global.get('k')).toBe(value)
    }
    await made.pass(60_000)
    expect(await global.get('k')).toBeUndefined()
    await made.close()
  })

  it('gives way to what another process wrote, heard of or not', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0), made.node(1)]
    await a.cache.global.getOrSet('k', () => new Custom())
    made.engine.hold(a.port)
    await b.cache.global.set('k', 'new')
    await made.pass(31_000)
    expect(await a.cache.global.get('k')).toBe('new')
    await made.close()
  })
})

it('what took longer to load than half the life of a mark is not written over nothing', async () => {
  const made = await cluster()
  const { load, run } = handLoader<string>()
  const loading = made.node(0).cache.global.getOrSet('k', load)
  await made.pass(30_001)
  run(0).resolve('late')
  expect(await loading).toBe('late')
  await made.settle()
  expect(await made.node(1).cache.global.get('k')).toBeUndefined()
  expect(made.node(0).cache.stats().remote).toMatchObject({ dropped: 1, writes: 0 })
  await made.close()
})
