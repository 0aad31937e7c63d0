import { spawnSync } from 'node:child_process'
import { createTestCache } from '@cacheado/core/testing'
import type { EvictionPolicyName } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { audit, expectEmpty } from '../support/audit.js'
import { bundledCore } from '../support/bundled-core.js'

const scopes = { organization: 'global', user: 'organization' }
const POLICIES: readonly EvictionPolicyName[] = ['second-chance', 'lru', 'lfu', 'fifo']

describe.each(POLICIES)('with %s', (policy) => {
  it('there are never more entries than allowed, over all scopes together', () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: 10, policy } })
    for (let count = 0; count < 500; count++) {
      const scope = count % 3 ? cache.at('user', { organization: count % 7, user: count % 11 }) : cache.global
      scope.sync.set(`k${count % 17}`, count)
      scope.sync.get(`k${(count * 7) % 17}`)
      expect(audit(cache).entries).toBeLessThanOrEqual(10)
      expect(scope.sync.get(`k${count % 17}`), 'what was just written is there').toBe(count)
    }
    expect(cache.stats()).toMatchObject({ entries: 10, evictions: expect.any(Number) })
  })

  it('there are never more bytes than allowed, scopes included', () => {
    const { cache } = createTestCache({ scopes, memory: { maxBytes: '100kb', maxEntries: Infinity, policy } })
    for (let count = 0; count < 1000; count++) {
      cache
        .at('user', { organization: `o${count % 50}`, user: `u${count}` })
        .sync.set('k', 'x'.repeat((count * 37) % 2000))
      expect(cache.stats().bytes).toBeLessThanOrEqual(102_400)
    }
    expect(audit(cache).entries).toBeGreaterThan(10)
    expect(cache.stats().evictions).toBeGreaterThan(500)
  })

  it('a namespace stays within its own bounds and takes no room from others for it', () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: 100, policy } })
    const small = cache.namespace('small', { maxEntries: 5 })
    const light = cache.namespace('light', { maxBytes: '2kb' })
    const other = cache.namespace('other')
    for (let key = 0; key < 20; key++) other.global.sync.set(key, key)
    for (let count = 0; count < 60; count++) {
      small.at('user', { organization: 'o', user: count }).sync.set('k', count)
      light.global.sync.set(count, 'x'.repeat(100))
      expect(small.stats().entries).toBeLessThanOrEqual(5)
      expect(light.stats().bytes).toBeLessThanOrEqual(2048)
    }
    expect(other.stats()).toMatchObject({ entries: 20, evictions: 0 })
    expect(small.stats()).toMatchObject({ entries: 5, evictions: 55 })
    expect(cache.stats().evictions).toBe(small.stats().evictions + light.stats().evictions)
  })

  it('one entry can give way to the next in the same scope', () => {
    const { cache, clock } = createTestCache({ scopes, memory: { maxEntries: 1, policy } })
    const scope = cache.at('user', { organization: 'o', user: 'u' })
    for (const key of ['a', 'b', 'c']) {
      scope.sync.set(key, key)
      expect(scope.sync.get(key)).toBe(key)
      expect(audit(cache)).toMatchObject({ entries: 1, scopes: 2 })
    }
    clock.advance('1h')
    expectEmpty(cache)
  })
})

describe('the whole cache', () => {
  it('takes room from the namespace that holds most of what there is too much of', () => {
    const { cache } = createTestCache({ memory: { maxEntries: 30 } })
    const large = cache.namespace('large', { maxEntries: 25 })
    const small = cache.namespace('small', { maxEntries: 25 })
    for (let key = 0; key < 20; key++) large.global.sync.set(key, key)
    for (let key = 0; key < 10; key++) small.global.sync.set(key, key)
    for (let key = 10; key < 15; key++) small.global.sync.set(key, key)
    expect([large.stats().entries, small.stats().entries]).toEqual([15, 15])
  })

  it('takes it from the one with most bytes where it is bytes that lack', () => {
    const { cache } = createTestCache({ memory: { maxBytes: '40kb' } })
    const heavy = cache.namespace('heavy', { maxEntries: 100 })
    const many = cache.namespace('many', { maxEntries: 100 })
    heavy.global.sync.set('k', 'x'.repeat(15_000))
    for (let key = 0; key < 40; key++) many.global.sync.set(key, key)
    expect(heavy.stats()).toMatchObject({ entries: 0, evictions: 1 })
    expect(many.stats()).toMatchObject({ entries: 40, evictions: 0 })
  })

  it('takes expired entries before living ones, and counts them as what they are', () => {
    const { cache, clock } = createTestCache({ memory: { maxEntries: 2, policy: 'fifo' } })
    cache.global.sync.set('a', 1, { ttl: 10 })
    cache.global.sync.set('b', 1)
    clock.advance(10)
    cache.global.sync.set('c', 1)
    expect(cache.stats()).toMatchObject({ entries: 2, evictions: 0, expirations: 1 })
  })

  it('makes room for a value that grew', () => {
    const { cache } = createTestCache({ memory: { maxBytes: '4kb', policy: 'lru' } })
    for (const key of ['a', 'b', 'c']) cache.global.sync.set(key, 'x'.repeat(100))
    cache.global.sync.set('c', 'x'.repeat(1400))
    expect(cache.stats().bytes).toBeLessThanOrEqual(4096)
    expect(['a', 'b', 'c'].map((key) => cache.global.sync.has(key))).toEqual([false, true, true])
    cache.global.sync.set('c', 'x')
    const { bytes } = cache.stats()
    cache.global.sync.set('c', 'y')
    expect(cache.stats().bytes).toBe(bytes)
  })

  it('keeps nothing that is larger than all there is, nor what was there before', () => {
    const { cache } = createTestCache({ memory: { maxBytes: '10kb' } })
    const space = cache.namespace('space', { maxBytes: '1kb' })
    cache.global.sync.set('other', 1)
    for (const [scope, size] of [[cache.global, 6000], [space.global, 1000]] as const) {
      scope.sync.set('k', 'old')
      scope.sync.set('k', 'x'.repeat(size))
      expect(scope.sync.has('k')).toBe(false)
    } // prettier-ignore
    expect(cache.stats()).toMatchObject({ entries: 1, bypasses: 2, evictions: 0 })
    expect(cache.global.sync.get('other')).toBe(1)
  })

  it('counts a view with the buffer it keeps alive', () => {
    const { cache } = createTestCache()
    cache.global.sync.set('view', new Uint8Array(new ArrayBuffer(64 * 2 ** 20), 0, 1))
    expect(cache.stats()).toMatchObject({ entries: 0, bypasses: 1 })
    cache.global.sync.set('view', new Uint8Array(2 ** 20))
    expect(cache.stats().bytes).toBeGreaterThan(2 ** 20)
  })

  it.each([
    ['memory: false', { memory: false as const }, {}],
    ['no entries', { memory: { maxEntries: 0 } }, {}],
    ['no bytes', { memory: { maxBytes: 0 } }, {}],
    ['a namespace without entries', {}, { maxEntries: 0 }],
    ['a namespace without bytes', {}, { maxBytes: 0 }],
  ])('keeps nothing with %s', async (_, options, bounds) => {
    const { cache } = createTestCache(options)
    const { global } = cache.namespace('space', bounds)
    global.sync.set('k', 1)
    expect(global.sync.get('k')).toBeUndefined()
    expect(await global.getOrSet('k', () => 2)).toBe(2)
    expect(cache.stats()).toMatchObject({ entries: 0, evictions: 0 })
    expectEmpty(cache)
  })
})

describe('entries of a scope that was invalidated', () => {
  it('make room at once in the namespace that they still fill', async () => {
    const { cache, clock } = createTestCache({ scopes, memory: { maxEntries: Infinity, policy: 'fifo' } })
    const space = cache.namespace('space', { maxEntries: 10 })
    for (let user = 0; user < 10; user++) space.at('user', { organization: 'dead', user }).sync.set('k', 1)
    await cache.at('organization', { organization: 'dead' }).invalidate()
    for (let user = 0; user < 10; user++) space.at('user', { organization: 'new', user }).sync.set('k', 1)
    expect(space.stats()).toMatchObject({ evictions: 0 })
    for (let user = 0; user < 10; user++)
      expect(space.at('user', { organization: 'new', user }).sync.has('k')).toBe(true)
    clock.advance(1)
    expect(audit(cache).entries).toBe(10)
    expect(space.stats().entries).toBe(10)
  })

  it('cost one write no more than a thousand of them', async () => {
    const { cache } = createTestCache({ scopes, memory: { maxEntries: Infinity, policy: 'fifo' } })
    const space = cache.namespace('space', { maxBytes: 3_000_000 })
    const dead = space.at('organization', { organization: 'dead' })
    for (let key = 0; key < 5000; key++) dead.sync.set(key, key)
    await cache.at('organization', { organization: 'dead' }).invalidate()
    const { entries } = space.stats()
    space.global.sync.set('k', 'x'.repeat(1_400_000))
    expect(space.global.sync.has('k')).toBe(true)
    // The thousand of the write itself, and the few that each write does of what the background has to do.
    expect(entries + 1 - space.stats().entries).toBeGreaterThan(999)
    expect(entries + 1 - space.stats().entries).toBeLessThan(1010)
  })
})

describe('a namespace that is replaced', () => {
  it.each([{}, { maxEntries: 10 }])('frees what it kept and keeps nothing any more: %j', async (bounds) => {
    const { cache, clock } = createTestCache({ scopes })
    const old = cache.wrap(async () => 1, { name: 'f', scope: 'global', ...bounds })
    await old()
    await old()
    cache.wrap(async () => 2, { name: 'f', scope: 'global', ...bounds })
    clock.advance(1)
    expect(cache.stats()).toMatchObject({ entries: 0, hits: 1, misses: 1, namespaces: 1 })
    expect(await old()).toBe(1)
    expectEmpty(cache)
  })
})

describe('distinct keys without end (T-31)', () => {
  /** Bytes of heap that a cache of at most 16 MiB takes after so many writes. */
  function growth(writes: number, put: string): number {
    const script = `
      import { createCache } from ${JSON.stringify(bundledCore())}
      const heap = () => { gc(); gc(); const { heapUsed, external } = process.memoryUsage(); return heapUsed + external }
      const cache = createCache({ scopes: { organization: 'global', user: 'organization' }, memory: { maxEntries: Infinity, maxBytes: '16mb' }, values: 'share' })
      const put = ${put}
      for (let at = 0; at < 1000; at++) put(at)
      await cache.clear()
      await new Promise((resolve) => setTimeout(resolve, 20))
      const before = heap()
      for (let at = 0; at < ${writes}; at++) put(at)
      console.log(heap() - before, cache.stats().bytes <= 16 * 2 ** 20, cache.stats().evictions > ${writes / 2})`
    const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    const [bytes, bounded, filled] = stdout.trim().split(' ')
    expect({ bounded, filled, stderr }).toEqual({ bounded: 'true', filled: 'true', stderr: '' })
    return Number(bytes)
  }

  it.each([
    [
      'a million texts in one scope',
      1_000_000,
      `(at) => cache.global.sync.set('key' + at, { id: at, name: 'name' + at })`,
    ],
    ['tuples in one scope', 300_000, `(at) => cache.global.sync.set(['invoice', at], at)`],
    [
      'users of a few organizations',
      200_000,
      `(at) => cache.at('user', { organization: at % 100, user: 'u' + at }).sync.set('k', at)`,
    ],
    [
      'users of an organization each',
      200_000,
      `(at) => cache.at('user', { organization: 'o' + at, user: 'u' + at }).sync.set('k', at)`,
    ],
    [
      'values with long names of fields',
      100_000,
      `(at) => cache.global.sync.set(at, { [('field' + at).padEnd(2000, '-')]: at })`,
    ],
    ['long keys', 100_000, `(at) => cache.global.sync.set(('k' + at).padEnd(2000, '-'), at)`],
  ])('take no more memory than allowed and a fifth: %s', { timeout: 60_000 }, (_, writes, put) => {
    expect(growth(writes, put)).toBeLessThan(16 * 2 ** 20 * 1.2)
  })
})
