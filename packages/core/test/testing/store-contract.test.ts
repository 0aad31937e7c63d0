import { memoryEngine, memoryStore, storeContract } from '@cacheado/core/testing'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.js'
import { BROKEN_STORES } from './broken-stores.js'

describe('the store in memory', () => {
  const engine = memoryEngine()
  for (const check of storeContract(() => memoryStore(engine))) test(check.name, check.run)
})

describe('a store that is wrong in one thing', () => {
  for (const [id, wrong, open] of BROKEN_STORES) {
    test(`${wrong}: is found by ${id}`, async () => {
      const check = storeContract(open, { deadline: 100 }).find((check) => check.id === id)
      await expect(check!.run()).rejects.toThrow()
    })
  }

  test('is there for every check', () => {
    const ids = storeContract(() => memoryStore()).map((check) => check.id)
    expect(ids.filter((id) => BROKEN_STORES.every(([found]) => found !== id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('what a store cannot promise', () => {
  const plain = withoutMeans

  test('stands in the name of the check, with its reason, and is not tried', async () => {
    const open = () => Promise.reject(new Error('never opened'))
    const checks = storeContract(open, { except: { 'replace-once': 'it has no transactions' } })
    const check = checks.find(({ id }) => id === 'replace-once')!
    expect(check.excepted).toBe('it has no transactions')
    expect(check.name).toMatch(/ \(not promised: it has no transactions\)$/)
    await check.run()
    await expect(checks[0]!.run()).rejects.toThrow('never opened')
  })

  test('has to be said: a store without bus, keys or distrust fails until it is', async () => {
    const failed: string[] = []
    for (const check of storeContract(plain)) {
      await check.run().catch((error: Error) => {
        if (error.message.includes('offers no')) failed.push(check.id)
      })
    }
    expect(failed).toEqual(['keys', 'keys-patterns', 'distrust', 'bus', 'bus-order', 'bus-set', 'bus-close'])
  })

  test('is named by the id of a check, or refused', () => {
    expect(() => storeContract(plain, { except: { 'no-such-check': 'no reason' } })).toThrow('except.no-such-check')
  })
})

function withoutMeans(): Store {
  const store = memoryStore()
  return {
    name: 'plain',
    getMany: (keys) => store.getMany(keys),
    set: (items) => store.set(items),
    create: (item) => store.create(item),
    replace: (item, seen) => store.replace(item, seen),
    delete: (keys) => store.delete(keys),
    close: () => store.close(),
  }
}
