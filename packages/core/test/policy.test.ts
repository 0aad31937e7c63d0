import { createCache, type CacheOptions, type Policy } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, resolvePolicy, tagList } from '../src/policy.js'

const config = (option: string) => expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option })
const DAYS_30 = 30 * 86_400_000

describe('a policy', () => {
  it('has a default for everything', () => {
    expect(resolvePolicy({}, DEFAULT_POLICY)).toEqual({
      ttl: 300_000,
      staleWhileRevalidate: 0,
      staleIfError: 0,
      jitter: 0,
      refreshAhead: 0,
      loadTimeout: Infinity,
      softTimeout: undefined,
      lease: 0,
      tags: [],
      cacheIf: undefined,
    })
  })

  it('reads durations in all their forms', () => {
    const policy = resolvePolicy(
      {
        ttl: '1h',
        staleWhileRevalidate: 500,
        staleIfError: '0s',
        refreshAhead: '1.5m',
        loadTimeout: '250ms',
        softTimeout: 0,
        jitter: 0.1,
      },
      DEFAULT_POLICY,
    )
    expect(policy).toMatchObject({
      ttl: 3_600_000,
      staleWhileRevalidate: 500,
      staleIfError: 0,
      refreshAhead: 90_000,
      loadTimeout: 250,
      softTimeout: 0,
      jitter: 0.1,
    })
  })

  it('is bounded by 30 days', () => {
    const policy = resolvePolicy(
      { ttl: 'max', staleWhileRevalidate: '99d', staleIfError: 1e12, refreshAhead: '31d' },
      DEFAULT_POLICY,
    )
    expect(policy).toMatchObject({
      ttl: DAYS_30,
      staleWhileRevalidate: DAYS_30,
      staleIfError: DAYS_30,
      refreshAhead: DAYS_30,
    })
  })

  it('takes from the wider one what it leaves out, even where it says undefined', () => {
    const cacheIf = () => true
    const wide = resolvePolicy(
      {
        ttl: '1h',
        staleWhileRevalidate: 1,
        staleIfError: 2,
        jitter: 1,
        refreshAhead: 3,
        loadTimeout: 4,
        softTimeout: 5,
        tags: ['a'],
        cacheIf,
      },
      DEFAULT_POLICY,
    )
    expect(resolvePolicy(undefined, wide)).toBe(wide)
    expect(resolvePolicy({}, wide)).toEqual(wide)
    const silent = Object.fromEntries(Object.keys(wide).map((name) => [name, undefined])) as Policy
    expect(resolvePolicy(silent, wide)).toEqual(wide)
    expect(resolvePolicy({ ttl: 7, staleWhileRevalidate: 0, tags: [], softTimeout: 0 }, wide)).toEqual({
      ...wide,
      ttl: 7,
      staleWhileRevalidate: 0,
      tags: [],
      softTimeout: 0,
    })
  })

  it.each([
    ['ttl', 0],
    ['ttl', '0ms'],
    ['ttl', -1],
    ['ttl', NaN],
    ['ttl', Infinity],
    ['ttl', 'soon'],
    ['ttl', null],
    ['staleWhileRevalidate', -1],
    ['staleWhileRevalidate', 'max'],
    ['staleIfError', NaN],
    ['refreshAhead', Infinity],
    ['loadTimeout', 0],
    ['loadTimeout', '5'],
    ['softTimeout', -1],
    ['jitter', -0.1],
    ['jitter', 1.1],
    ['jitter', NaN],
    ['jitter', '0.5'],
    ['cacheIf', true],
    ['cacheIf', null],
    ['tags', 'invoices'],
    ['tags', [7]],
    ['tags', ['']],
  ])('refuses %s: %s, wherever it stands, with its path', async (option, value) => {
    const policy = { [option]: value } as Policy
    expect(() => resolvePolicy(policy, DEFAULT_POLICY)).toThrow(config(option))
    expect(() => createCache(policy as CacheOptions)).toThrow(config(option))
    const cache = createCache()
    expect(() => cache.namespace('invoices', policy)).toThrow(config(`namespace(invoices).${option}`))
    expect(() => cache.wrap(() => 1, { name: 'sum', scope: 'global', ...policy })).toThrow(
      config(`namespace(sum).${option}`),
    )
    await expect(cache.global.getOrSet('k', () => 1, policy)).rejects.toThrow(config(option))
  })
})

describe('tags', () => {
  it('are at most 16 different ones of at most 256 bytes', () => {
    const sixteen = Array.from({ length: 16 }, (_, at) => `tag-${at}`)
    expect(tagList([...sixteen, ...sixteen])).toEqual(sixteen)
    expect(() => tagList([...sixteen, 'one more'])).toThrow(config('tags'))
    expect(tagList(['x'.repeat(256), 'é'.repeat(128), '😀'.repeat(64)])).toHaveLength(3)
    for (const tag of ['x'.repeat(257), 'é'.repeat(129), '😀'.repeat(65), 'x\ud800', '']) {
      expect(() => tagList([tag])).toThrow(config('tags'))
    }
  })

  it('can be any well-formed text', () => {
    const tags = ['__proto__', 'a:b', 'a b', '*', '\0', '\n', 'ü']
    expect(tagList(tags)).toEqual(tags)
  })
})

describe('options that do not exist', () => {
  it('are refused with their path: a misspelt bound bounds nothing', () => {
    expect(() => createCache({ tll: '1m' } as CacheOptions)).toThrow(config('tll'))
    expect(() => createCache({ remote: {} } as CacheOptions)).toThrow(config('remote'))
    expect(() => createCache({ memory: { maxEntires: 5 } as object })).toThrow(config('memory.maxEntires'))
    for (const options of [null, 7]) expect(() => createCache(options as never)).toThrow(config('options'))
    for (const memory of [7, true]) expect(() => createCache({ memory: memory as never })).toThrow(config('memory'))
  })
})

describe('memory options', () => {
  it('have defaults, also where undefined stands for them', () => {
    const limits = { maxEntries: 10_000, maxBytes: 67_108_864 }
    for (const memory of [undefined, {}, { maxEntries: undefined, maxBytes: undefined, policy: undefined }]) {
      expect(createCache({ memory }).health().memory).toMatchObject(limits)
    }
    expect(createCache({ memory: { maxEntries: Infinity } }).health().memory.maxEntries).toBe(Infinity)
    expect(createCache({ memory: false }).health().memory).toMatchObject({ maxEntries: 0, maxBytes: 0 })
  })

  it.each([-1, 1.5, NaN, '10', null, 2 ** 53])('refuse %s entries', (maxEntries) => {
    expect(() => createCache({ memory: { maxEntries: maxEntries as number } })).toThrow(config('memory.maxEntries'))
    expect(() => createCache().namespace('a', { maxEntries: maxEntries as number })).toThrow(
      config('namespace(a).maxEntries'),
    )
  })

  it.each(['lur', '', null, {}, { createQueue: 1 }])('refuse %j as a policy', (policy) => {
    expect(() => createCache({ memory: { policy: policy as never } })).toThrow(config('memory.policy'))
  })

  it.each(['clone ', true, null])('refuse %s as a way to treat values', (values) => {
    expect(() => createCache({ values: values as never })).toThrow(config('values'))
  })

  it.each([{}, { now: () => 0 }, 7, { now: 1, wall: 2, after: 3 }])('refuse %j as a clock', (clock) => {
    expect(() => createCache({ clock: clock as never })).toThrow(config('clock'))
  })
})
