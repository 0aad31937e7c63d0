import type { ScopedCache } from '@cacheado/core'
import type { Store } from '@cacheado/core/store'
import { expect, it } from 'vitest'
import { alice } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster } from './cluster.js'
import { storeWith } from './store-with.js'

expectNoUnhandledRejection()

it('a look-up whose scope is invalidated under it three times gives up: a miss, and what is loaded is not kept', async () => {
  let invalidations = 0
  let asked = 0
  const subject: { cache?: ScopedCache } = {}
  const wrap = (store: Store, node: number): Store => {
    const getMany = async (keys: readonly string[]) => {
      const values = await store.getMany(keys)
      if (!keys[0]?.endsWith('|k')) return values
      asked++
      if (invalidations-- > 0) void subject.cache?.at('user', alice).invalidate()
      return values
    }
    return node === 0 ? storeWith(store, { getMany }) : store
  }
  const made = await cluster({ wrap })
  subject.cache = made.node(0).cache
  const here = subject.cache.at('user', alice)
  invalidations = Infinity
  expect(await here.getOrSet('k', () => 'loaded')).toBe('loaded')
  expect(asked).toBe(3)
  await made.settle()
  expect(made.engine.keys().filter((key) => key.endsWith('|k'))).toEqual([])
  // Left in peace, it is kept as ever.
  invalidations = 0
  expect(await here.getOrSet('k', () => 'loaded again')).toBe('loaded again')
  await made.settle()
  expect(await made.node(1).cache.at('user', alice).get('k')).toBe('loaded again')
  await made.close()
})

it('more tags in one scope than are remembered are still told apart', async () => {
  const made = await cluster()
  const [there, here] = [made.node(0).cache.at('user', alice), made.node(1).cache.at('user', alice)]
  const numbers = Array.from({ length: 300 }, (_, number) => number)
  for (const number of numbers) await there.set(number, number, { tags: [`t${number}`] })
  await made.settle()
  await here.invalidateTags(['t0', 't299'])
  await made.settle()
  for (const number of numbers) {
    const expected = number === 0 || number === 299 ? undefined : number
    expect(await here.get(number)).toBe(expected)
    expect(await there.get(number)).toBe(expected)
  }
  await made.close()
})

it('where something else stands under a stamp, and changes, nothing is kept below it and nothing fails', async () => {
  const junk = (store: Store) => storeWith(store, { create: async () => Uint8Array.of(1, 2, 3) })
  const made = await cluster({ nodes: 1, wrap: junk })
  const { global } = made.node(0).cache
  expect(await global.getOrSet('k', () => 'loaded')).toBe('loaded')
  await made.settle()
  expect(made.engine.keys().filter((key) => key.endsWith('|k'))).toEqual([])
  expect(made.node(0).cache.stats().remote).toMatchObject({ errors: 0, writes: 0, dropped: 1 })
  await made.close()
})
