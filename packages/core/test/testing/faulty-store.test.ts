import {
  faultyStore,
  memoryEngine,
  memoryStore,
  randomFaults,
  storeContract,
  type FaultyStore,
  type MemoryEngine,
  type StoreFault,
  type StoreOperation,
} from '@cacheado/core/testing'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.js'
import { settle } from '../support/settle.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)
const item = (key: string, value = key) => ({ key, value: bytes(value), ttl: 60_000 })

/** A faulty store over a memory that holds a, b and c. */
function faulty() {
  const engine = memoryEngine()
  for (const key of ['a', 'b', 'c']) engine.put(key, bytes(key))
  return { engine, store: faultyStore(memoryStore(engine)) }
}

async function read(store: Store, ...keys: string[]) {
  return (await store.getMany(keys)).map(text)
}

/** What a promise has come to by now. */
async function state(promise: Promise<unknown>): Promise<unknown> {
  await settle()
  const pending = Promise.resolve('pending')
  return Promise.race([promise, pending]).catch((error: Error) => error.message)
}

describe('a faulty store without a plan', () => {
  const engine = memoryEngine()
  for (const check of storeContract(() => faultyStore(memoryStore(engine)))) test(check.name, check.run)

  test('offers what the store below offers', () => {
    const { getMany, set, create, replace, delete: deletes, close } = memoryStore()
    const plain = faultyStore({ name: 'plain', getMany, set, create, replace, delete: deletes, close })
    expect([plain.bus, plain.keys, plain.connect, plain.distrust]).toEqual([undefined, undefined, undefined, undefined])
    const full = faulty().store
    expect([full.name, full.distrust!(), full.connect]).toEqual(['memory', 'replaced', undefined])
  })
})

describe('a faulty store', () => {
  /** Each write, and whether the engine has it. */
  const WRITES: readonly [
    StoreOperation,
    (store: Store) => Promise<unknown>,
    (found: string | undefined) => boolean,
  ][] = [
    ['set', (store) => store.set([item('key')]), (found) => found === 'key'],
    ['create', (store) => store.create(item('key')), (found) => found === 'key'],
    ['replace', (store) => store.replace(item('key'), undefined), (found) => found === 'key'],
    ['delete', (store) => store.delete(['a']), () => false],
  ]

  for (const [operation, write, isThere] of WRITES) {
    const target = operation === 'delete' ? 'a' : 'key'
    const done = (found: string | undefined) => (operation === 'delete' ? found === undefined : isThere(found))

    test(`refuses ${operation} without doing it`, async () => {
      const { engine, store } = faulty()
      store.plan({ [operation]: 'refuse' })
      await expect(write(store)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
      expect(done(text(engine.raw(target)))).toBe(false)
    })

    test(`does ${operation} and says that it failed`, async () => {
      const { engine, store } = faulty()
      store.plan({ [operation]: 'fail' })
      await expect(write(store)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
      expect(done(text(engine.raw(target)))).toBe(true)
    })

    test(`loses ${operation} and says that it is done`, async () => {
      const { engine, store } = faulty()
      const expected = await write(faulty().store)
      store.plan({ [operation]: 'lose' })
      expect(await write(store)).toEqual(expected)
      expect(done(text(engine.raw(target)))).toBe(false)
    })

    test(`never answers ${operation}`, async () => {
      const { engine, store } = faulty()
      store.plan({ [operation]: 'hang' })
      expect(await state(write(store))).toBe('pending')
      expect(done(text(engine.raw(target)))).toBe(false)
    })

    test(`does ${operation} when it is released`, async () => {
      const { engine, store } = faulty()
      store.plan({ [operation]: 'delay' })
      const answer = write(store)
      expect([await state(answer), store.waiting, done(text(engine.raw(target)))]).toEqual(['pending', 1, false])
      expect(store.release()).toBe(1)
      await answer
      expect(done(text(engine.raw(target)))).toBe(true)
    })

    test(`does ${operation} and answers when it is released`, async () => {
      const { engine, store } = faulty()
      store.plan({ [operation]: 'delay-answer' })
      const answer = write(store)
      expect([await state(answer), done(text(engine.raw(target)))]).toEqual(['pending', true])
      store.release()
      await answer
    })
  }

  test('gives values in the wrong places', async () => {
    const { store } = faulty()
    store.plan('swap')
    expect(await read(store, 'a', 'b', 'c')).toEqual(['b', 'c', 'a'])
  })

  test('gives a single read the value that was read before it', async () => {
    const { store } = faulty()
    await read(store, 'a')
    store.plan('swap')
    expect(await read(store, 'b')).toEqual(['a'])
    expect(await read(store, 'c')).toEqual(['b'])
  })

  test('is one answer behind', async () => {
    const { store } = faulty()
    store.plan('shift')
    expect(await read(store, 'a', 'b')).toEqual([undefined, undefined])
    expect(await read(store, 'c')).toEqual(['a'])
    expect(text(await store.create(item('new')))).toBe('c')
    expect(await read(store, 'a', 'b')).toEqual(['new', undefined])
    store.plan()
    expect(await read(store, 'a', 'b')).toEqual(['a', 'b'])
  })

  test('damages one bit of what is read, never of what is kept', async () => {
    const { engine, store } = faulty()
    engine.put('zeros', new Uint8Array(100))
    store.plan('corrupt')
    for (let times = 0; times < 50; times++) {
      const [zeros] = await store.getMany(['zeros'])
      expect(zeros!.reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0)).toBe(1)
    }
    expect(engine.raw('zeros')).toEqual(new Uint8Array(100))
    expect(await store.getMany(['missing'])).toEqual([undefined])
  })

  test('finds nothing where reads are lost, and lists nothing', async () => {
    const { store } = faulty()
    store.plan('lose')
    expect(await read(store, 'a', 'b')).toEqual([undefined, undefined])
    expect(await store.keys!('')[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  test('refuses to list keys', async () => {
    const { store } = faulty()
    store.plan({ keys: 'refuse' })
    await expect(store.keys!('')[Symbol.asyncIterator]().next()).rejects.toThrow('refuse')
  })

  test('is asked about every call, and counts what went wrong', async () => {
    const { store } = faulty()
    const calls: unknown[] = []
    store.plan(({ operation, keys, count }) => {
      calls.push([operation, keys, count])
      return count === 2 ? 'refuse' : undefined
    })
    await store.getMany(['a'])
    await expect(store.getMany(['b'])).rejects.toThrow('refuse')
    await store.set([item('c')])
    expect(calls).toEqual([
      ['getMany', ['a'], 1],
      ['getMany', ['b'], 2],
      ['set', ['c'], 1],
    ])
    expect(store.faults).toBe(1)
  })

  test('does not count what changes nothing', async () => {
    const { store } = faulty()
    store.plan('corrupt')
    await store.set([item('a')])
    await store.delete(['a'])
    expect(store.faults).toBe(0)
  })

  test('lets waiting calls go in their order', async () => {
    const { engine, store } = faulty()
    store.plan('delay')
    const writes = ['first', 'second'].map((value) => store.set([item('key', value)]))
    await settle()
    expect(store.release(1)).toBe(1)
    await writes[0]
    expect(text(engine.raw('key'))).toBe('first')
    store.release()
    await writes[1]
    expect(text(engine.raw('key'))).toBe('second')
  })

  test('rejects what waits when it is closed', async () => {
    const { store } = faulty()
    store.plan('delay')
    const waiting = store.getMany(['a'])
    await settle()
    await store.close()
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  })
})

describe('the bus of a faulty store', () => {
  /** What arrives of the numbers from 0 on while the plan is on for those from 2 to 4. */
  async function heard(fault: StoreFault) {
    const { store } = faulty()
    const messages: string[] = []
    store.bus!.listen({ message: (message) => messages.push(text(message)!), up: () => {}, down: () => {} })
    for (let at = 0; at < 6; at++) {
      store.plan(at >= 2 && at <= 4 ? { message: fault } : undefined)
      await store.bus!.publish(bytes(`${at}`))
      await settle()
    }
    const before = messages.join('')
    store.release()
    await settle()
    return [before, messages.join('')]
  }

  test('loses messages', async () => {
    for (const fault of ['lose', 'refuse', 'fail', 'hang'] as const) expect(await heard(fault)).toEqual(['015', '015'])
  })

  test('changes their order', async () => {
    expect((await heard('swap'))[0]).toBe('013254')
  })

  test('brings the one before again', async () => {
    expect((await heard('shift'))[0]).toBe('011235')
  })

  test('brings them when they are released', async () => {
    expect(await heard('delay')).toEqual(['015', '015234'])
  })

  test('damages them', async () => {
    const [messages] = await heard('corrupt')
    expect(messages).toHaveLength(6)
    expect(messages).not.toBe('012345')
  })

  test('refuses to publish', async () => {
    const { store } = faulty()
    store.plan({ publish: 'refuse' })
    await expect(store.bus!.publish(bytes('message'))).rejects.toThrow('refuse')
  })

  test('is lost and restored on command, and says so', async () => {
    const { engine, store } = faulty()
    const heard: string[] = []
    store.bus!.listen({
      message: (message) => heard.push(text(message)!),
      up: () => heard.push('up'),
      down: () => heard.push('down'),
    })
    const other = memoryStore(engine)
    const say = async (message: string) => {
      await other.bus!.publish(bytes(message))
      await settle()
    }
    await settle()
    await say('1')
    store.loseBus()
    store.loseBus()
    await say('2')
    store.restoreBus()
    store.restoreBus()
    await say('3')
    expect(heard).toEqual(['up', '1', 'down', 'up', '3'])
  })
})

describe('the bus of a faulty store over one that is lost itself', () => {
  /** What is heard while the bus below goes down and up. */
  async function overEngine(act: (store: FaultyStore, engine: MemoryEngine, below: Store) => void) {
    const engine = memoryEngine()
    const below = memoryStore(engine)
    const store = faultyStore(below)
    const heard: string[] = []
    const listener = { message: () => {}, up: () => heard.push('up'), down: () => heard.push('down') }
    store.bus!.listen(listener)
    await settle()
    act(store, engine, below)
    await settle()
    return heard
  }

  test('says so', async () => {
    const heard = await overEngine((_, engine, below) => {
      engine.disconnect(below)
      engine.reconnect(below)
    })
    expect(heard).toEqual(['up', 'down', 'up'])
  })

  test('is up only when both are', async () => {
    const heard = await overEngine((store, engine, below) => {
      store.loseBus()
      engine.disconnect(below)
      store.restoreBus()
      engine.reconnect(below)
    })
    expect(heard).toEqual(['up', 'down', 'up'])
  })
})

describe('random faults', () => {
  /** What becomes of a thousand reads. */
  async function outcomes(seed: number) {
    const { store } = faulty()
    store.plan(randomFaults({ seed, rate: 0.3 }))
    const found: string[] = []
    for (let times = 0; times < 1000; times++) {
      found.push(await read(store, 'a', 'b').then(String, (error: Error) => error.message))
    }
    return { found, faults: store.faults }
  }

  test('repeat with their seed, and errors name it', async () => {
    const [one, same, other] = [await outcomes(1), await outcomes(1), await outcomes(2)]
    expect(same).toEqual(one)
    expect(other).not.toEqual(one)
    expect(one.found.some((message) => message.includes('(seed 1)'))).toBe(true)
  })

  test('come as often as the rate says', async () => {
    const { faults } = await outcomes(3)
    expect(faults).toBeGreaterThan(230)
    expect(faults).toBeLessThan(370)
  })

  test('stay with the operations they are for, and choose from their faults', async () => {
    const { store } = faulty()
    store.plan(randomFaults({ rate: 1, operations: ['set'], faults: ['refuse'] }))
    await store.getMany(['a'])
    await expect(store.set([item('a')])).rejects.toThrow(`(seed ${store.seed})`)
  })

  test('have a seed of their own where none is given', () => {
    expect(randomFaults().seed).not.toBe(randomFaults().seed)
    expect(faultyStore(memoryStore()).seed).toBe(undefined)
  })

  test('refuse a rate that is none, and nothing to choose from', () => {
    expect(() => randomFaults({ rate: 1.5 })).toThrow('rate')
    expect(() => randomFaults({ rate: Number.NaN })).toThrow('rate')
    expect(() => randomFaults({ faults: [] })).toThrow('faults')
  })
})
