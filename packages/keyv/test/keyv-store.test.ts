import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Keyv } from 'keyv'
import { Keyv as Keyv6, KeyvMemoryAdapter } from 'keyv6'
import { createKeyvStore, type KeyvAdapter, type KeyvStoreOptions } from '../src/index.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const item = (key: string, text: string, ttl = 60_000) => ({ key, value: bytes(text), ttl })

/** A Map whose calls can be held up, as a database that is busy holds them up. */
class SlowMap implements KeyvAdapter {
  readonly rows = new Map<string, string>()
  hold: Promise<unknown> = Promise.resolve()
  calls: string[] = []

  async get(key: string): Promise<string | undefined> {
    this.calls.push('get')
    await this.hold
    return this.rows.get(key)
  }

  async set(key: string, value: string): Promise<void> {
    this.calls.push('set')
    await this.hold
    this.rows.set(key, value)
  }

  async delete(key: string): Promise<boolean> {
    this.calls.push('delete')
    await this.hold
    return this.rows.delete(key)
  }
}

describe('the rows of a store over Keyv', () => {
  test('have the prefix once, and neither the namespace of Keyv 5 nor its JSON', async () => {
    const rows = new Map<string, string>()
    await createKeyvStore({ keyv: new Keyv({ store: rows, namespace: 'n' }), prefix: 'shop' }).set([
      item('key', 'value'),
    ])
    expect([...rows.keys()]).toEqual(['shop:key'])
    expect([...rows.values()][0]).toMatch(/^[0-9a-z]+\.dmFsdWU=$/)
  })

  test('expire in an adapter of Keyv 6 when they are to: it is told the moment, not the ttl', async () => {
    const rows = new Map<string, { expires?: number }>()
    const store = createKeyvStore({ keyv: new Keyv6({ store: new KeyvMemoryAdapter(rows) }) })
    const before = Date.now()
    await store.set([item('key', 'value', 5000)])
    const [row] = [...rows.values()]
    expect(row?.expires).toBeGreaterThanOrEqual(before + 5000)
    expect(row?.expires).toBeLessThanOrEqual(Date.now() + 5000)
  })

  test('of two prefixes are two caches', async () => {
    const rows = new Map<string, string>()
    const [one, other] = [
      createKeyvStore({ store: rows, prefix: 'one' }),
      createKeyvStore({ store: rows, prefix: 'other' }),
    ]
    await one.set([item('key', 'value')])
    expect(await other.getMany(['key'])).toEqual([undefined])
  })
})

describe('an adapter', () => {
  test.each(['get', 'set', 'delete'] as const)(
    'whose %s fails makes the operation reject, never look empty or done',
    async (name) => {
      const adapter = new SlowMap()
      Object.assign(adapter, { [name]: () => Promise.reject(new Error('the database is gone')) })
      const store = createKeyvStore({ store: adapter })
      const operation = {
        get: () => store.getMany(['a']),
        set: () => store.set([item('a', 'x')]),
        delete: () => store.delete(['a']),
      }
      await expect(operation[name]()).rejects.toThrow('the database is gone')
    },
  )

  test('that says a write failed, or gives too few values, makes the operation reject', async () => {
    const refusing: KeyvAdapter = { get: () => undefined, set: () => Promise.resolve(false), delete: () => true }
    await expect(createKeyvStore({ store: refusing }).set([item('a', 'x')])).rejects.toMatchObject({
      code: 'ERR_CACHE_STORE',
    })
    const short: KeyvAdapter = { ...refusing, getMany: () => Promise.resolve([]) }
    await expect(createKeyvStore({ store: short }).getMany(['a', 'b'])).rejects.toMatchObject({
      code: 'ERR_CACHE_STORE',
    })
  })

  test('that never answers costs the timeout, and its keys are free again afterwards', async () => {
    const adapter = new SlowMap()
    adapter.hold = new Promise(() => {})
    const store = createKeyvStore({ store: adapter, timeout: 50 })
    const start = performance.now()
    await expect(store.replace(item('a', 'x'), undefined)).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    expect(performance.now() - start).toBeLessThan(500)
    adapter.hold = Promise.resolve()
    await store.set([item('a', 'y')])
    expect(await store.getMany(['a'])).toEqual([bytes('y')])
  })

  test('that tells of its failures by an event does not end the process, and gets one listener however many stores it has', () => {
    const adapter = Object.assign(new EventEmitter(), { get() {}, set() {}, delete() {} })
    createKeyvStore({ store: adapter })
    createKeyvStore({ store: adapter })
    expect(adapter.emit('error', new Error('the database is gone'))).toBe(true)
    expect(adapter.listenerCount('error')).toBe(1)
  })

  test('is not disconnected with the store', async () => {
    const adapter = new SlowMap()
    const store = createKeyvStore({ store: adapter })
    await store.close()
    await expect(store.getMany(['a'])).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    expect(adapter.calls).toEqual([])
    expect(store.distrust?.()).toBe('borrowed')
  })
})

describe('in one process', () => {
  test('a set between the read and the write of a replacement waits, also through another store on the adapter', async () => {
    const adapter = new SlowMap()
    const [one, other] = [createKeyvStore({ store: adapter }), createKeyvStore({ store: adapter })]
    await one.set([item('a', 'old')])
    let release = () => {}
    adapter.hold = new Promise<void>((resolve) => (release = resolve))
    const replaced = one.replace(item('a', 'loaded'), bytes('old'))
    const written = other.set([item('a', 'newest')])
    const deleted = other.delete(['b'])
    release()
    expect(await replaced).toBe(true)
    await Promise.all([written, deleted])
    expect(await one.getMany(['a'])).toEqual([bytes('newest')])
  })

  test('a replacement by the same bytes writes nothing, so that it undoes nothing', async () => {
    const adapter = new SlowMap()
    const store = createKeyvStore({ store: adapter })
    await store.set([item('stamp', '16 random bytes.')])
    adapter.calls = []
    expect(await store.replace(item('stamp', '16 random bytes.'), bytes('16 random bytes.'))).toBe(false)
    expect(adapter.calls).toEqual(['get'])
  })
})

test.each([
  [{}, 'keyv'],
  [{ keyv: new Keyv(), store: new Map() }, 'keyv'],
  [{ keyv: {} }, 'keyv'],
  [{ keyv: new Keyv6({ encryption: { encrypt: String, decrypt: String } }) }, 'keyv'],
  [{ store: {} }, 'store'],
  [{ store: { get() {}, set() {}, delete() {}, throwOnErrors: false } }, 'store'],
  [{ store: new Map(), prefix: 'a b' }, 'prefix'],
  [{ store: new Map(), prefix: '{a}' }, 'prefix'],
  [{ store: new Map(), timeout: 0 }, 'timeout'],
  [{ store: new Map(), timeout: 'soon' }, 'timeout'],
])('bad options, no. %#, are refused at construction, by the name of the option', (options, option) => {
  const open = () => createKeyvStore(options as unknown as KeyvStoreOptions)
  expect(open).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option }))
})
