import { channel } from 'node:diagnostics_channel'
import { createTestCache } from '@cacheado/core/testing'
import type { BypassReason, CacheEvents, Logger, ScopedCache } from '@cacheado/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Topic } from '../src/signals.js'
import { audit } from './support/audit.js'

const NAMES: readonly (keyof CacheEvents)[] = [
  'hit', 'miss', 'stale', 'load', 'set', 'delete', 'evict', 'expire', 'invalidate', 'bypass', 'error',
] // prettier-ignore
const scopes = { organization: 'global', user: 'organization' }
const SECRET = 'canary'
const alice = { organization: `${SECRET}-org`, user: `${SECRET}-user` }

function record(cache: ScopedCache): { name: string; event: object }[] {
  const events: { name: string; event: object }[] = []
  for (const name of NAMES) cache.on(name, (event) => events.push({ name, event }))
  return events
}

/** Everything that makes an event, with ids, keys, tags and values that must not turn up in any. */
async function everything(cache: ScopedCache, pass: (ms: number) => void): Promise<void> {
  const user = cache.namespace('settings', { maxEntries: 2 }).at('user', alice)
  const key = [`${SECRET}-key`, 1]
  await user.getOrSet(key, () => `${SECRET}-value`, { ttl: 10, staleWhileRevalidate: 10, tags: [`${SECRET}-tag`] })
  await user.get(key)
  pass(15)
  await user.getOrSet(key, () => `${SECRET}-value`)
  await cache.settled()
  await user.set(`${SECRET}-2`, 2)
  await user.set(`${SECRET}-3`, 3)
  await user.delete(`${SECRET}-3`)
  await user.invalidateTags([`${SECRET}-tag`])
  await user.set(`${SECRET}-4`, 4, { ttl: 1 })
  pass(10)
  await user.get(`${SECRET}-4`)
  await user.set('x'.repeat(9000), 1)
  await user.getOrSet(`${SECRET}-5`, () => Promise.reject(new Error('loader'))).catch(() => {})
  await user.getOrSet(`${SECRET}-6`, () => `${SECRET}-value`, { cacheIf: () => { throw new Error('cacheIf') } }) // prettier-ignore
  await cache.at('organization', alice).invalidate()
}

describe('an event', () => {
  it('tells of each thing that happens, where it happened, and never an id, a key, a tag or a value (R-35)', async () => {
    const { cache, clock } = createTestCache({ scopes })
    const events = record(cache)
    await everything(cache, (ms) => clock.advance(ms))
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(NAMES))
    const fixed = { namespace: expect.any(String), level: expect.any(String) }
    const more: Partial<Record<string, object>> = {
      load: { duration: expect.any(Number) },
      bypass: { reason: expect.stringMatching(/^[a-z-]+$/) },
      invalidate: { entries: expect.any(Number), tags: expect.any(Number) },
    }
    for (const { name, event } of events) {
      const { error, ...rest } = event as { error?: Error }
      expect(rest).toEqual({ ...fixed, ...more[name] })
      expect(['load', 'error'].includes(name) || error === undefined).toBe(true)
      expect(JSON.stringify(rest)).not.toContain(SECRET)
    }
    expect(events.find(({ name }) => name === 'set')?.event).toEqual({ namespace: 'settings', level: 'user' })
  })

  it('of a load says how long it took and what it threw', async () => {
    const { cache, clock } = createTestCache()
    const events = record(cache)
    const error = new Error('down')
    await cache.global.getOrSet('a', () => clock.advance(25))
    await cache.global.getOrSet('b', () => { throw error }).catch(() => {}) // prettier-ignore
    const loads = events.filter(({ name }) => name === 'load').map(({ event }) => event)
    expect(loads).toEqual([
      { namespace: '', level: 'global', duration: 25 },
      { namespace: '', level: 'global', duration: 0, error },
    ])
  })

  it('of an invalidation says how many entries left and how many tags were named', async () => {
    const { cache } = createTestCache({ scopes })
    const events = record(cache)
    cache.at('user', alice).sync.set('a', 1)
    cache.at('user', alice).sync.set('b', 1)
    await cache.global.invalidateTags(['x', 'y'])
    await cache.at('organization', alice).invalidate()
    expect(events.filter(({ name }) => name === 'invalidate').map(({ event }) => event)).toEqual([
      { namespace: '', level: 'global', entries: 0, tags: 2 },
      { namespace: '', level: 'organization', entries: 2, tags: 0 },
    ])
  })

  it('comes as often as it is counted', async () => {
    const { cache } = createTestCache()
    const events = record(cache)
    cache.global.sync.set('k', 1)
    for (let times = 0; times < 7; times++) cache.global.sync.get('k')
    for (let times = 0; times < 3; times++) await cache.global.get('nothing')
    const counts = Object.fromEntries(
      ['set', 'hit', 'miss'].map((name) => [name, events.filter((one) => one.name === name).length]),
    )
    expect(counts).toEqual({ set: 1, hit: 7, miss: 3 })
    expect(cache.stats()).toMatchObject({ sets: 1, hits: 7, misses: 3 })
  })
})

describe('a listener', () => {
  it('stops where it is told to', () => {
    const { cache } = createTestCache()
    const heard = vi.fn()
    const stop = cache.on('set', heard)
    cache.global.sync.set('k', 1)
    stop()
    stop()
    cache.global.sync.set('k', 2)
    expect(heard).toHaveBeenCalledOnce()
  })

  it.each(['hit', 'miss', 'set', 'delete', 'load', 'invalidate'] as const)(
    'of %s that throws hurts nobody, and is logged once',
    async (name) => {
      const warn = vi.fn()
      const { cache } = createTestCache({ logger: { debug() {}, info() {}, warn, error() {} } })
      const heard = vi.fn()
      cache.on(name, () => { throw new Error(SECRET) }) // prettier-ignore
      cache.on(name, heard)
      for (let times = 0; times < 3; times++) {
        cache.global.sync.set('k', 1)
        expect(cache.global.sync.get('k')).toBe(1)
        expect(cache.global.sync.get('nothing')).toBeUndefined()
        expect(await cache.global.getOrSet('loaded', () => 2)).toBe(2)
        expect(await cache.global.delete('k')).toBe(true)
        await cache.clear()
      }
      expect(heard.mock.calls.length).toBeGreaterThanOrEqual(3)
      expect(warn.mock.calls).toEqual([['cacheado: an event listener threw', { event: name }]])
    },
  )

  it('may use the cache itself', async () => {
    const { cache, clock } = createTestCache({ memory: { maxEntries: 3 } })
    let again = 0
    for (const name of ['evict', 'expire'] as const) {
      cache.on(name, () => {
        if (again++ < 50) cache.global.sync.set(`again${again % 4}`, 1, { ttl: 50 })
        cache.global.sync.delete('again1')
      })
    }
    for (let count = 0; count < 20; count++) cache.global.sync.set(`k${count % 5}`, count, { ttl: 100 })
    clock.advance('1h')
    expect(again).toBeGreaterThan(10)
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 })
  })

  it('may store the very key that room is made for: there is one of it, and the later wins', () => {
    const { cache } = createTestCache({ memory: { maxEntries: 2, policy: 'fifo' } })
    const { sync } = cache.global
    const inner = vi.fn(() => sync.set('c', 'inner'))
    cache.on('evict', () => {
      if (inner.mock.calls.length === 0) inner()
    })
    for (const key of ['a', 'b', 'c']) sync.set(key, 'outer')
    expect(inner).toHaveBeenCalledOnce()
    expect(sync.get('c')).toBe('outer')
    expect(audit(cache).entries).toBe(cache.stats().entries)
    expect(sync.delete('c')).toBe(true)
    expect(sync.has('c')).toBe(false)
    expect(audit(cache).entries).toBe(0)
  })

  it('may store another key in the scope that room is made for', () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: 2, policy: 'fifo' } })
    const { sync } = cache.at('user', alice)
    const inner = vi.fn(() => sync.set('inner', 1))
    cache.on('evict', () => {
      if (inner.mock.calls.length === 0) inner()
    })
    sync.set('a', 1)
    cache.global.sync.set('b', 1)
    sync.set('outer', 1)
    expect([sync.has('inner'), sync.has('outer')]).toEqual([true, true])
    expect(audit(cache)).toMatchObject({ entries: 2, scopes: 2 })
  })

  it('that clears the cache while room is made leaves it whole', async () => {
    const { cache, clock } = createTestCache({ scopes, memory: { maxEntries: 2 } })
    const clear = vi.fn(() => void cache.clear())
    cache.on('evict', clear)
    for (const user of ['a', 'b', 'c', 'd', 'e']) cache.at('user', { organization: 'o', user }).sync.set('k', user)
    expect(clear).toHaveBeenCalled()
    await cache.clear()
    clock.advance('1h')
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 })
    cache.global.sync.set('k', 1)
    expect(cache.global.sync.get('k')).toBe(1)
  })

  it('has to be a function, of an event that exists', () => {
    const { cache } = createTestCache()
    const config = expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'on' })
    expect(() => cache.on('hit', undefined as never)).toThrow(config)
    expect(() => cache.on('hits' as never, () => {})).toThrow(config)
  })
})

describe('node:diagnostics_channel', () => {
  const stops: (() => void)[] = []
  afterEach(() => { for (const stop of stops.splice(0)) stop() }) // prettier-ignore

  it('gets every event as cacheado:<event>, with or without listeners', async () => {
    const { cache, clock } = createTestCache({ scopes })
    const heard = new Map<string, object[]>()
    for (const name of NAMES) {
      const listen = (event: unknown, on: string | symbol) =>
        void heard.set(String(on), [...(heard.get(String(on)) ?? []), event as object])
      channel(`cacheado:${name}`).subscribe(listen)
      stops.push(() => channel(`cacheado:${name}`).unsubscribe(listen))
    }
    await everything(cache, (ms) => clock.advance(ms))
    expect(new Set(heard.keys())).toEqual(new Set(NAMES.map((name) => `cacheado:${name}`)))
    expect(heard.get('cacheado:hit')).toEqual([{ namespace: 'settings', level: 'user' }])
    expect(JSON.stringify([...heard.values()])).not.toContain(SECRET)
  })

  it('is done without where the platform has none', () => {
    vi.stubGlobal('process', undefined)
    const topic = new Topic<number>('cacheado:test')
    vi.unstubAllGlobals()
    const heard: number[] = []
    expect(topic.active).toBe(false)
    topic.add((event) => heard.push(event))
    expect(topic.active).toBe(true)
    expect(topic.publish(7)).toBeUndefined()
    expect(heard).toEqual([7])
  })
})

describe('the reasons of bypasses (T-36)', () => {
  const long = 'x'.repeat(9000)
  const never = () => new Promise<number>(() => {})
  type Act = (cache: ScopedCache) => unknown

  const REASONS: readonly (readonly [reason: BypassReason, act: Act, options?: object])[] = [
    ['scope-unresolved', (cache) => cache.current('user').getOrSet('k', () => 1)],
    ['scope-unresolved', (cache) => cache.wrap(() => 1, { name: 'f', scope: 'user' })()],
    ['scope-conflict', (cache) => cache.run({ organization: 'a', user: 'b' }, () => cache.wrap(() => 1, { name: 'f', scope: 'user', identity: () => ({ organization: 'a', user: 'c' }) })())],
    ['key-too-long', (cache) => cache.global.set(long, 1)],
    ['key-too-long', (cache) => cache.global.getOrSet(long, () => 1)],
    ['key-too-long', (cache) => cache.global.sync.getOrSet(long, () => 1)],
    ['value-refused', (cache) => cache.global.set('k', () => 1), { values: 'clone', memory: { maxBytes: 100 } }],
    ['value-refused', (cache) => cache.global.set('k', { fn() {} }), { values: 'clone' }],
    ['value-refused', (cache) => cache.global.getOrSet('k', () => ({ fn() {} })), { values: 'clone' }],
    ['memory-off', (cache) => cache.global.getOrSet('k', () => 1), { memory: false }],
    ['closed', async (cache) => { await cache.close(); return cache.global.getOrSet('k', () => 1) }],
  ] // prettier-ignore

  it.each(REASONS.map(([reason, act, options = {}]) => ({ reason, act, options })))(
    '$reason is told and counted once for each call',
    async ({ reason, act, options }) => {
      const { cache } = createTestCache({ scopes, ...options })
      const heard: string[] = []
      cache.on('bypass', (event) => heard.push(event.reason))
      for (let times = 1; times <= 3; times++) {
        await act(cache)
        expect(heard).toEqual(Array.from({ length: times }, () => reason))
        expect(cache.stats().bypasses).toBe(times)
      }
    },
  )

  it('not-shareable: a follower of what cannot be shared loads for itself', async () => {
    const { cache } = createTestCache()
    const heard: string[] = []
    cache.on('bypass', (event) => heard.push(event.reason))
    const load = async () => 1
    await Promise.all([1, 2, 3].map(() => cache.global.getOrSet('k', load, { cacheIf: () => false })))
    expect(heard).toEqual(['not-shareable', 'not-shareable'])
  })

  it('too-many-loads: above 10,000 nobody joins, and nothing is kept', async () => {
    const { cache } = createTestCache()
    const heard: string[] = []
    cache.on('bypass', (event) => heard.push(event.reason))
    for (let count = 0; count < 10_000; count++) void cache.global.getOrSet(`k${count}`, never)
    expect(cache.stats().inFlight).toBe(10_000)
    expect(heard).toEqual([])
    expect(await cache.global.getOrSet('one more', () => 1)).toBe(1)
    expect(heard).toContain('too-many-loads')
    expect(cache.global.sync.has('one more')).toBe(false)
    expect(cache.stats().inFlight).toBe(10_000)
    await cache.close()
  })

  it('labels stay few with 100,000 organizations', () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: 1000 } })
    const labels = new Set<string>()
    for (const name of NAMES) cache.on(name, (event) => labels.add(JSON.stringify([name, event])))
    const settings = cache.namespace('settings')
    for (let count = 0; count < 100_000; count++) {
      const ids = { organization: `o${count}`, user: `u${count}` }
      settings.at('user', ids).sync.getOrSet('k', () => count)
      cache.at('organization', ids).sync.get('k')
      settings.at('user', ids).sync.get('k')
    }
    // A load's duration is a measure, no label; the manual clock keeps it at 0.
    expect(labels.size).toBeLessThanOrEqual(200)
    expect(labels.size).toBeGreaterThan(3)
  })
})

describe('a logger', () => {
  interface Line {
    severity: string
    args: unknown[]
  }

  function logger(): { lines: Line[]; log: Logger } {
    const lines: Line[] = []
    const write = (severity: string) => function (this: unknown, ...args: unknown[]) {
      expect(this).toBe(log) // pino and console need it
      lines.push({ severity, args })
    } // prettier-ignore
    const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } as Logger
    return { lines, log }
  }

  const uncached = (cache: ScopedCache) => cache.wrap(() => 1, { name: 'prefs', scope: 'user' })()
  const message = 'cacheado: a function runs uncached: its caller has no scope'
  const fields = { name: 'prefs', level: 'user' }

  it('like console gets the message first', async () => {
    const { lines, log } = logger()
    await uncached(createTestCache({ scopes, logger: log }).cache)
    expect(lines).toEqual([{ severity: 'warn', args: [message, fields] }])
  })

  it('like pino gets the fields first', async () => {
    const { lines, log } = logger()
    Object.assign(log, { child: () => log })
    await uncached(createTestCache({ scopes, logger: log }).cache)
    expect(lines).toEqual([{ severity: 'warn', args: [fields, message] }])
  })

  it('can be console itself, or none', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await uncached(createTestCache({ scopes, logger: console }).cache)
    expect(warn).toHaveBeenCalledExactlyOnceWith(message, fields)
    warn.mockRestore()
    expect(await uncached(createTestCache({ scopes }).cache)).toBe(1)
  })

  it('that throws, or lacks a method, hurts nobody', async () => {
    const broken = { warn() { throw new Error('disk full') } } as unknown as Logger // prettier-ignore
    expect(await uncached(createTestCache({ scopes, logger: broken }).cache)).toBe(1)
    expect(await uncached(createTestCache({ scopes, logger: {} as Logger }).cache)).toBe(1)
  })

  it('is told of a thing once, and never of an id, a key or a value', async () => {
    const { lines, log } = logger()
    const { cache, clock } = createTestCache({ scopes, logger: log })
    const prefs = cache.wrap(() => 1, { name: 'prefs', scope: 'user' })
    for (let times = 0; times < 3; times++) await prefs()
    expect(lines).toHaveLength(1)
    await everything(cache, (ms) => clock.advance(ms))
    expect(JSON.stringify(lines)).not.toContain(SECRET)
    for (const { severity, args } of lines.slice(1)) {
      expect(severity).toBe('debug')
      expect(args[0]).toMatch(/^cacheado: [a-z ]+$/)
    }
  })
})
