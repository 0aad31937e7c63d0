import { expect, it } from 'vitest'
import { acme, alice, testCache, zoe } from '../support/caches.js'
import { cluster } from '../remote/cluster.js'

it('a purge without a second tier invalidates the scope, and finds nothing to remove', async () => {
  const { cache } = testCache()
  for (const ids of [alice, zoe]) await cache.at('user', ids).set('k', 'v')
  expect(await cache.at('organization', acme).purge()).toEqual({ removed: 0, examined: 0 })
  expect(cache.at('user', alice).sync.get('k')).toBeUndefined()
  expect(cache.at('user', zoe).sync.get('k')).toBe('v')
  await cache.close()
})

it('a purge of everything leaves alone what another application keeps under a prefix that begins like this one', async () => {
  const made = await cluster()
  await made.node(0).cache.global.set('k', 'v')
  await made.node(0).cache.at('user', alice).set('k', 'v')
  await made.settle()
  made.engine.put('eu:global|1|,||k', new Uint8Array(1))
  made.engine.put('eu:{organization=acme}|#scope', new Uint8Array(1))
  const { removed, examined } = await made.node(0).cache.global.purge()
  expect(made.engine.keys()).toEqual(['eu:global|1|,||k', 'eu:{organization=acme}|#scope'])
  expect(examined).toBe(removed + 2)
  await made.close()
})
