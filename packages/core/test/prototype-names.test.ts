import { createTestCache } from '@cacheado/core/testing'
import { CacheError } from '@cacheado/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/*
 * T-08: names that every object has anyway are ordinary ids, keys, tags, levels and fields; nothing the cache does reaches a
 * prototype.
 */

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  'then',
  'length',
  'name',
  'get',
  'size',
  'Symbol(Symbol.iterator)',
]

const prototypes = [
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Function.prototype,
  Promise.prototype,
]
/** Everything on the prototypes, in order. */
const shape = (): unknown[] =>
  prototypes.flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((key) => [
      key,
      ...Object.values(Object.getOwnPropertyDescriptor(prototype, key) as object),
    ]),
  )
let before: unknown[]

beforeEach(() => void (before = shape()))
afterEach(() => {
  const after = shape()
  expect(after.length).toBe(before.length)
  expect(after.every((part, at) => Object.is(part, before[at]))).toBe(true)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

describe.each(NAMES)('%s', (name) => {
  const levels = { organization: 'global', user: 'organization' }

  it('is an id like any other', async () => {
    const { cache } = createTestCache({ scopes: levels })
    const scope = cache.at('user', { organization: name, user: name })
    expect(await scope.get('k')).toBeUndefined()
    await scope.set('k', name)
    expect(await scope.get('k')).toBe(name)
    expect(await cache.at('user', { organization: name, user: 'other' }).get('k')).toBeUndefined()
    expect(cache.run({ organization: name, user: name }, () => cache.identity())).toEqual({
      organization: name,
      user: name,
    })
    expect(await cache.topScopes('user')).toMatchObject([{ ids: { organization: name, user: name } }])
    expect(await cache.at('organization', { organization: name }).invalidate()).toMatchObject({ entries: 1 })
    expect(await scope.get('k')).toBeUndefined()
  })

  it('is a key like any other', async () => {
    const { cache } = createTestCache()
    for (const key of [name, [name, name], [{ [name]: name }], [JSON.parse(`{ "${name}": { "polluted": 1 } }`)]]) {
      expect(await cache.global.lookup(key)).toEqual({ hit: false })
      expect(await cache.global.getOrSet(key, () => 'value')).toBe('value')
      expect(await cache.global.get(key)).toBe('value')
      expect(await cache.global.delete(key)).toBe(true)
    }
    expect(await cache.global.get([JSON.parse(`{ "${name}": 1 }`)])).toBeUndefined()
  })

  it('is a tag like any other', async () => {
    const { cache } = createTestCache()
    await cache.global.set('tagged', 1, { tags: [name] })
    await cache.global.set('other', 1, { tags: [`${name}2`] })
    await cache.global.invalidateTags([name])
    expect([await cache.global.has('tagged'), await cache.global.has('other')]).toEqual([false, true])
  })

  it.each(['share', 'freeze', 'clone'] as const)('is a field of a value like any other, kept by %s', async (values) => {
    const { cache } = createTestCache({ values })
    const value = () => JSON.parse(`{ "${name}": { "polluted": 1 }, "list": [{ "${name}": 2 }] }`) as object
    await cache.global.set('k', value())
    const read = (await cache.global.get<Record<string, unknown>>('k')) as Record<string, unknown>
    expect(JSON.stringify(read)).toBe(JSON.stringify(value()))
    expect(Object.keys(read)).toEqual([name, 'list'])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  })

  it('is no event, no option and no policy', () => {
    const { cache } = createTestCache()
    const config = expect.objectContaining({ code: 'ERR_CACHE_CONFIG' })
    expect(() => cache.on(name as never, () => {})).toThrow(config)
    expect(() => createTestCache({ memory: { policy: name as never } })).toThrow(config)
    expect(() => createTestCache({ memory: JSON.parse(`{ "${name}": 1 }`) as object })).toThrow(config)
    expect(() => createTestCache(JSON.parse(`{ "${name}": 1 }`) as object)).toThrow(config)
  })

  it('is a namespace like any other, where it can be a name at all', async () => {
    const { cache } = createTestCache()
    if (!/^[A-Za-z]/.test(name) || name.includes('(')) {
      expect(() => cache.namespace(name)).toThrow(CacheError)
      return
    }
    const space = cache.namespace(name)
    await space.global.set('k', 1)
    expect(await cache.namespace(name).global.get('k')).toBe(1)
    expect(await cache.global.get('k')).toBeUndefined()
  })
})

describe('values', () => {
  it('of which an identity is made are never merged', () => {
    const { cache } = createTestCache({ scopes: { organization: 'global' } })
    const ids = JSON.parse('{ "organization": "acme", "__proto__": { "organization": "other" } }') as {
      organization: string
    }
    expect(() => cache.run(ids, () => cache.identity())).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
  })
})
