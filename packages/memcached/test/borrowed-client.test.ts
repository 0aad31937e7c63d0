import { describe, expect, test } from 'vitest'
import type { MemcachedClient } from '../src/borrowed-client.js'
import { createMemcachedStore } from '../src/create-memcached-store.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const item = { key: 'key', value: bytes('new'), ttl: 60_000 }

/** A client whose every answer is this one: what none should give, and another writer or a broken server makes some give. */
function clientAnswering(answer: () => unknown): MemcachedClient {
  const reply = () => Promise.resolve().then(answer)
  return { get: reply, gets: reply, set: reply, add: reply, cas: reply, delete: reply }
}
const storeAnswering = (answer: () => unknown) => createMemcachedStore({ client: clientAnswering(answer), prefix: 'p' })

describe('a borrowed client', () => {
  test.each([undefined, null, 'END', 7, ['NOT_FOUND', 'x'], ['VERSION', '1.6'], { 'p:key': 1 }])(
    'that answers a write with %o fails it: nothing counts as done that was not said to be',
    async (answer) => {
      const store = storeAnswering(() => answer)
      await expect(store.set([item])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
      await expect(store.create(item)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
      await expect(store.replace(item, undefined)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    },
  )

  test.each([undefined, null, 'END', 7])(
    'that answers a read with %o fails it: that is no "nothing there"',
    async (answer) => {
      await expect(storeAnswering(() => answer).getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    },
  )

  test('that throws at once, or rejects with anything, fails the operation', async () => {
    const store = storeAnswering(() => {
      throw 'no error at all'
    })
    await expect(store.getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    await expect(store.delete(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    const client = {
      ...clientAnswering(() => ({})),
      get: () => {
        throw new Error('No more valid servers left')
      },
    }
    await expect(createMemcachedStore({ client }).getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
  })

  test('that gives values of other keys fails the read: its replies have shifted', async () => {
    const store = storeAnswering(() => ({ 'p:other': { value: Buffer.from('theirs') } }))
    await expect(store.getMany(['key'])).rejects.toThrow('not asked for')
  })

  test('that gives what another writer left, as text, a number or an object, says that something is there', async () => {
    const values = { 'p:a': { value: 'text' }, 'p:b': { value: 7 }, 'p:c': { value: { x: 1 } }, 'p:d': {} }
    const found = await storeAnswering(() => values).getMany(['a', 'b', 'c', 'd'])
    expect(found.map((value) => value && new TextDecoder().decode(value))).toEqual(['text', '7', '{"x":1}', ''])
  })

  test('that cannot tell whether a value is unchanged fails the replacement', async () => {
    const store = storeAnswering(() => ({ 'p:key': { value: Buffer.from('old') } }))
    await expect(store.replace(item, bytes('old'))).rejects.toThrow('unchanged')
  })

  test('is not closed with the store, and not used after it', async () => {
    let calls = 0
    const store = storeAnswering(() => calls++)
    await store.close()
    await expect(store.getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect(calls).toBe(0)
    expect(store.distrust?.()).toBe('borrowed')
  })
})
