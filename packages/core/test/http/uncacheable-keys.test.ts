import { createCache, ScopedCache } from '@cacheado/core'
import { manualClock } from '@cacheado/core/testing'
import { expect, it } from 'vitest'
import { UncacheableKeys } from '../../src/http/uncacheable-keys.js'

const engine = ScopedCache.engineOf(createCache({ scopes: { user: 'global' } }))
const place = (user: string) => engine.place(engine.tier.space('', undefined), 'user', { user })

it('uncacheable keys are remembered for two seconds, each in its own scope', () => {
  const clock = manualClock()
  const keys = new UncacheableKeys(clock)
  expect(keys.has(place('a'), 'k')).toBe(false)
  keys.delete(place('a'), 'k')
  keys.add(place('a'), 'k')
  expect([keys.has(place('a'), 'k'), keys.has(place('b'), 'k'), keys.has(place('a'), 'l')]).toEqual([
    true,
    false,
    false,
  ])
  clock.advance(1999)
  expect(keys.has(place('a'), 'k')).toBe(true)
  clock.advance(1)
  expect(keys.has(place('a'), 'k')).toBe(false)
  keys.add(place('a'), 'k')
  keys.delete(place('a'), 'k')
  expect(keys.has(place('a'), 'k')).toBe(false)
})

it('uncacheable keys are 10,000 at the most, the oldest are forgotten first', () => {
  const keys = new UncacheableKeys(manualClock())
  for (let at = 0; at < 10_001; at++) keys.add(place('a'), at)
  expect([keys.has(place('a'), 0), keys.has(place('a'), 1), keys.has(place('a'), 10_000)]).toEqual([false, true, true])
})
