import { describe, expect, it, vi } from 'vitest'
import type { StandardSchema } from '@cacheado/core'
import { alice, testCache } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

type Verdict = boolean | Promise<boolean>

/** A Standard Schema that takes what `takes` takes. */
function schema(takes: (value: unknown) => Verdict): StandardSchema<never> {
  const result = (verdict: boolean) => (verdict ? { value: undefined } : { issues: [{ message: 'no' }] })
  const validate = (value: unknown) => {
    const verdict = takes(value)
    return typeof verdict === 'boolean' ? result(verdict) : verdict.then(result)
  }
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const isNumber = (value: unknown) => typeof value === 'number'
const later = async (value: unknown) => isNumber(value)
const broken = () => {
  throw new Error('a bug in the schema')
}

describe('a namespace with a schema', () => {
  it.each([
    ['at once', isNumber],
    ['later', later],
  ])('reads what the schema takes %s, and misses and drops what it refuses', async (_name, takes) => {
    const { cache } = testCache()
    const scope = cache.namespace('group', { schema: schema(takes) }).at('user', alice)
    await scope.set('good', 1 as never)
    await scope.set('bad', 'text' as never)
    expect(await scope.get('good')).toBe(1)
    expect(await scope.lookup('good')).toMatchObject({ hit: true, value: 1 })
    expect(await scope.getMany(['good', 'bad'])).toEqual([1, undefined])
    expect(cache.stats().entries).toBe(1)
    await scope.set('bad', 'text' as never)
    expect(await scope.lookup('bad')).toEqual({ hit: false })
    expect(cache.stats().entries).toBe(1)
  })

  it('loads again what the schema refuses, alone or among many', async () => {
    const { cache } = testCache()
    const { global } = cache.namespace<unknown>('group', { schema: schema(isNumber) })
    await global.set('a', 'text')
    await global.set('b', 2)
    expect(await global.getOrSet('a', () => 1)).toBe(1)
    await global.set('a', 'text')
    expect(await global.getOrSetMany(['a', 'b'], (missing) => missing.map(() => 3))).toEqual([3, 2])
    expect(await global.getMany(['a', 'b'])).toEqual([3, 2])
  })

  it('serves no stale value that the schema refuses', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000, staleIfError: 1000 })
    const { global } = cache.namespace<unknown>('group', { schema: schema(isNumber) })
    for (const key of ['a', 'b']) await global.set(key, 'text')
    clock.advance(100)
    expect(await global.getOrSet('a', () => 1)).toBe(1)
    await expect(global.getOrSet('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await global.set('c', 'text')
    clock.advance(100)
    expect(global.sync.getOrSet('c', () => 2)).toBe(2)
  })

  it('is read synchronously where the schema answers at once; what answers later takes nothing there', async () => {
    const { cache } = testCache()
    const { global } = cache.namespace<unknown>('sync', { schema: schema(isNumber) })
    global.sync.set('good', 1)
    global.sync.set('bad', 'text')
    expect([global.sync.get('good'), global.sync.get('bad')]).toEqual([1, undefined])
    global.sync.set('bad', 'text')
    expect(global.sync.getOrSet('bad', () => 2)).toBe(2)
    expect(global.sync.getOrSet('good', () => 3)).toBe(1)
    const slow = cache.namespace<unknown>('async', { schema: schema(later) }).global
    slow.sync.set('k', 1)
    expect(slow.sync.get('k')).toBeUndefined()
  })

  it('takes nothing where the schema throws or rejects', async () => {
    const { cache } = testCache()
    for (const [name, takes] of [
      ['throws', broken],
      ['rejects', () => Promise.reject(new Error('no'))],
    ] as const) {
      const { global } = cache.namespace<unknown>(name, { schema: schema(takes) })
      await global.set('k', 1)
      expect(await global.get('k')).toBeUndefined()
      await global.set('k', 1)
      expect(await global.getOrSet('k', () => 2)).toBe(2)
    }
    const { sync } = cache.namespace<unknown>('sync', { schema: schema(broken) }).global
    sync.set('k', 1)
    expect(sync.get('k')).toBeUndefined()
    sync.set('k', 1)
    expect(sync.getOrSet('k', () => 2)).toBe(2)
  })

  it('gives the very value that was checked, though another was set while the schema thought', async () => {
    const { cache } = testCache()
    const decide: ((verdict: boolean) => void)[] = []
    const { global } = cache.namespace<unknown>('group', {
      schema: schema(() => new Promise((resolve) => decide.push(resolve))),
    })
    await global.set('k', 1)
    const reads = [global.get('k'), global.lookup('k')]
    await global.set('k', 'unchecked')
    for (const resolve of decide) resolve(true)
    expect(await Promise.all(reads)).toEqual([1, { hit: true, value: 1, stale: false, age: 0 }])
  })

  it('deletes only the value that was refused, not one that was set while the schema thought', async () => {
    const { cache } = testCache()
    const decide: ((verdict: boolean) => void)[] = []
    const { global } = cache.namespace<unknown>('group', {
      schema: schema(() => new Promise((resolve) => decide.push(resolve))),
    })
    await global.set('k', 'bad')
    const read = global.get('k')
    await global.set('k', 2)
    decide[0]?.(false)
    expect(await read).toBeUndefined()
    expect(await global.has('k')).toBe(true)
    const other = global.get('k')
    await global.delete('k')
    await global.set('k', 3)
    decide[1]?.(false)
    expect(await other).toBeUndefined()
    expect(await global.has('k')).toBe(true)
  })

  it('still loads once for all who ask meanwhile', async () => {
    const { cache } = testCache()
    const { global } = cache.namespace<unknown>('group', { schema: schema(later) })
    const hand = handLoader<unknown>()
    const values = Promise.all([global.getOrSet('k', hand.load), global.getOrSet('k', hand.load)])
    await settle()
    expect(hand.runs).toHaveLength(1)
    hand.run(0).resolve(1)
    expect(await values).toEqual([1, 1])
    const load = vi.fn(() => 2)
    expect(await global.getOrSet('k', load, { refresh: true })).toBe(2)
    expect(await global.getOrSet('k', load)).toBe(2)
    expect(load).toHaveBeenCalledTimes(1)
  })
})
