import { expect, it } from 'vitest'
import { watch } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster } from './cluster.js'

expectNoUnhandledRejection()

it('a look-up that finds nothing takes nothing away that was written while the store was asked', async () => {
  const made = await cluster({ nodes: 1 })
  const { cache, store } = made.node(0)
  store.plan(({ operation, keys }) => (operation === 'getMany' && keys[0]?.endsWith('|k') ? 'delay-answer' : undefined))
  const reading = watch(cache.global.get('k'))
  await made.settle()
  await cache.global.set('k', 'new')
  store.plan()
  store.release()
  await made.settle()
  expect(reading.state).toBe('fulfilled')
  expect(cache.global.sync.get('k')).toBe('new')
  expect(await cache.global.get('k')).toBe('new')
  await made.close()
})
