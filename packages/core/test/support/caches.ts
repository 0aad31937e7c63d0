import { createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import { manualClock, type ManualClock } from '@cacheado/core/testing'

export const LEVELS = { organization: 'global', user: 'organization', session: 'user', tenant: 'global' } as const

export const acme = { organization: 'acme' }
export const alice = { organization: 'acme', user: 'alice' }
export const bob = { organization: 'acme', user: 'bob' }
export const zoe = { organization: 'globex', user: 'zoe' }

/** A cache on a manual clock with the levels of most tests; `pass` moves the clock and lets what follows from it happen. */
export function testCache(options: CacheOptions = {}): {
  cache: ScopedCache
  clock: ManualClock
  pass: (ms: number) => Promise<void>
} {
  const clock = manualClock()
  const cache = createCache({ scopes: LEVELS, clock, values: 'share', ttl: '1s', ...options })
  return { cache, clock, pass: (ms) => clock.advanceAsync(ms) }
}
