import { manualClock, memoryEngine, memoryStore } from '@cacheado/core/testing'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.js'
import { settle } from '../support/settle.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)
const item = (key: string, value = key, ttl = 1000) => ({ key, value: bytes(value), ttl })

/** Two nodes, and what each of them hears. */
async function nodes() {
  const engine = memoryEngine()
  const stores = [memoryStore(engine), memoryStore(engine)] as const
  const heard = stores.map(() => [] as string[]) as [string[], string[]]
  for (const [at, store] of stores.entries()) {
    store.bus!.listen({
      message: (message) => heard[at]!.push(text(message)!),
      up: () => heard[at]!.push('up'),
      down: () => heard[at]!.push('down'),
    })
  }
  await settle()
  for (const each of heard) expect(each.splice(0)).toEqual(['up'])
  return { engine, stores, heard }
}

const say = (store: Store, ...messages: string[]) => Promise.all(messages.map((one) => store.bus!.publish(bytes(one))))

describe('the engine in memory', () => {
  test('ends items by its clock alone', async () => {
    const clock = manualClock()
    const engine = memoryEngine({ clock })
    const store = memoryStore(engine)
    await store.set([item('a', 'a', 1000), item('b', 'b', 1001)])
    clock.advance(999)
    expect(engine.keys()).toEqual(['a', 'b'])
    clock.advance(1)
    expect(engine.keys()).toEqual(['b'])
    expect(engine.raw('a')).toBe(undefined)
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, bytes('b')])
  })

  test('shows, takes and loses bytes past every store', async () => {
    const engine = memoryEngine()
    const store = memoryStore(engine)
    engine.put('foreign', bytes('foreign'))
    expect(text((await store.getMany(['foreign']))[0])).toBe('foreign')
    engine.raw('foreign')!.fill(0)
    expect(text(engine.raw('foreign'))).toBe('foreign')
    expect([engine.evict('foreign'), engine.evict('foreign')]).toEqual([true, false])
    await store.set([item('a'), item('b')])
    engine.flush()
    expect(engine.keys()).toEqual([])
  })

  test('delivers no message before the call that sent it has returned', async () => {
    const { stores, heard } = await nodes()
    const sent = say(stores[0], '1', '2')
    expect(heard).toEqual([[], []])
    await sent
    await settle()
    expect(heard).toEqual([
      ['1', '2'],
      ['1', '2'],
    ])
  })

  test('holds the messages of one node, and releases them in order', async () => {
    const { engine, stores, heard } = await nodes()
    engine.hold(stores[1])
    await say(stores[0], '1', '2')
    await settle()
    expect([heard, engine.waiting]).toEqual([[['1', '2'], []], 2])
    engine.release(stores[1])
    await say(stores[0], '3')
    await settle()
    expect(heard[1]).toEqual(['1', '2', '3'])
  })

  test('holds all messages, those for nodes that come later too', async () => {
    const { engine, stores, heard } = await nodes()
    engine.hold()
    const late: string[] = []
    const third = memoryStore(engine)
    third.bus!.listen({ message: (message) => late.push(text(message)!), up: () => {}, down: () => {} })
    await say(stores[0], '1')
    await settle()
    expect([...heard, late]).toEqual([[], [], []])
    engine.release()
    await settle()
    expect([...heard, late]).toEqual([['1'], ['1'], ['1']])
  })

  test('loses messages that wait, and nobody notices', async () => {
    const { engine, stores, heard } = await nodes()
    engine.hold(stores[1])
    await say(stores[0], '1', '2')
    expect(engine.discard(stores[1])).toBe(2)
    engine.release()
    await say(stores[0], '3')
    await settle()
    expect(heard[1]).toEqual(['3'])
  })

  test('cuts a node off, and tells it', async () => {
    const { engine, stores, heard } = await nodes()
    engine.disconnect(stores[1])
    for (const operation of [
      stores[1].getMany(['a']),
      stores[1].set([item('a')]),
      stores[1].create(item('a')),
      stores[1].replace(item('a'), undefined),
      stores[1].delete(['a']),
      say(stores[1], 'lost'),
    ]) {
      await expect(operation).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    }
    await say(stores[0], '1')
    engine.reconnect(stores[1])
    await say(stores[0], '2')
    await settle()
    expect(heard).toEqual([
      ['1', '2'],
      ['down', 'up', '2'],
    ])
    expect(await stores[1].getMany(['a'])).toEqual([undefined])
  })

  test('cuts off the bus alone', async () => {
    const { engine, stores, heard } = await nodes()
    engine.disconnect(stores[1], 'bus')
    await stores[1].set([item('a')], bytes('1'))
    engine.reconnect(stores[1])
    await settle()
    expect(heard).toEqual([['1'], ['down', 'up']])
  })

  test('knows the stores that are open, and no others', async () => {
    const { engine, stores } = await nodes()
    await stores[1].close()
    expect(() => engine.disconnect(stores[1])).toThrow('not open on this engine')
    expect(() => engine.hold(memoryStore())).toThrow('not open on this engine')
  })
})

describe('the store in memory', () => {
  test('rejects what the contract does not allow', async () => {
    const store = memoryStore()
    const keys = ['', 'white space', 'é', 'tab\t', '{a}{b}', 'x'.repeat(3000)]
    for (const key of keys) {
      await expect(store.getMany([key])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
      await expect(store.set([item(key)])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    }
    for (const ttl of [0, -1, 1.5, Number.NaN, Infinity]) {
      await expect(store.set([item('key', 'value', ttl)])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    }
  })
})
