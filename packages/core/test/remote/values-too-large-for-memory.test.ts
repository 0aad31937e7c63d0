import { expect, it } from 'vitest'
import { cluster } from './cluster.js'

it('a value that memory cannot keep has the age and the lifetime that the store says', async () => {
  const made = await cluster({ cache: { memory: { maxBytes: 1000 }, ttl: '1m' } })
  const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
  await made.pass(5000)
  await a.set('k', 'x'.repeat(2000))
  await made.pass(7000)
  expect(await b.lookup('k')).toMatchObject({ hit: true, stale: false, age: 7000 })
  expect(b.sync.has('k')).toBe(false)
  await made.pass(53_000)
  expect(await b.get('k')).toBeUndefined()
  await made.close()
})
