// What TypeScript knows of an application that registered no scopes: level names are texts, checked at run time.
import { createCache, defineScopes, type Ids, type IdsOf, type Level } from '@cacheado/core'
import {
  cacheStatus,
  createTestCache,
  evictionPolicyContract,
  manualClock,
  type ManualClock,
} from '@cacheado/core/testing'
import type { EvictionPolicy } from '@cacheado/core'

const cache = createCache({ scopes: { organization: 'global', user: 'organization' } })
createCache({ scopes: defineScopes({ organization: 'global' }) })
createCache()

export const level: Level = 'whatever'
export const ids: Ids = { organization: 'o', user: 7 }
export const path: IdsOf<'user'> = ids

cache.at('organization', { organization: 'o' })
cache.at('user', ids)
cache.at('misspelt', { anything: 1n })
cache.current('user')
cache.run({ organization: 'o' }, () => cache.identity())
cache.namespace<number>('n').at('user', { organization: 'o', user: 'u' }).sync.get('k') satisfies number | undefined
export const wrapped: (id: string) => Promise<number> = cache.wrap(async (id: string) => id.length, {
  name: 'f',
  scope: 'user',
})

// What is no id is none here either.
// @ts-expect-error -- null is no id
cache.at('organization', { organization: null })
// @ts-expect-error -- an object is no id
cache.at('organization', { organization: {} })
// @ts-expect-error -- the ids are missing
cache.at('organization')
// @ts-expect-error -- a level is a text
cache.at(7, {})
// @ts-expect-error -- where scopes are declared their names are checked
defineScopes({ user: 'organisation' })

// Test help.
const clock: ManualClock = manualClock()
clock.advance('1m')
// @ts-expect-error -- no unit
clock.advance('1')
createTestCache({ ttl: '1m', clock }).cache.global.sync.set('k', 1)
// @ts-expect-error -- a clock that cannot be moved
createTestCache({ clock: { now: () => 0, wall: () => 0, after: () => () => {} } })
export const hit: boolean | undefined = cacheStatus(new Response())?.hit
export const received: boolean | undefined = cacheStatus({ headers: { 'cache-status': ['cacheado; hit'] } })?.hit
const policy: EvictionPolicy = {
  name: 'none',
  createQueue: () => ({ add() {}, touch() {}, remove() {}, victim: () => undefined }),
}
export const checks: readonly { name: string; run: () => void }[] = evictionPolicyContract(policy)
