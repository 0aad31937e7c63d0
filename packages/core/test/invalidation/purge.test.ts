import { expect, it } from 'vitest'
import { acme, alice, testCache, zoe } from '../support/caches.js'

it('a purge without a second tier invalidates the scope, and finds nothing to remove', async () => {
  const { cache } = testCache()
  for (const ids of [alice, zoe]) await cache.at('user', ids).set('k', 'v')
  expect(await cache.at('organization', acme).purge()).toEqual({ removed: 0, examined: 0 })
  expect(cache.at('user', alice).sync.get('k')).toBeUndefined()
  expect(cache.at('user', zoe).sync.get('k')).toBe('v')
  await cache.close()
})
