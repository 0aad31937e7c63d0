import { describe, expect, it, vi } from 'vitest'

vi.mock('../../src/platform.js', async (original) => ({
  ...(await original<typeof import('../../src/platform.js')>()),
  asyncLocalStorage: () => undefined,
}))

import { ScopedCache } from '@cacheado/core'
import { alice, acme, testCache } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const missing = { code: 'ERR_CACHE_CONTEXT' }

describe('on a platform without asynchronous context', () => {
  it('run, current and deferInvalidations say so by error', async () => {
    const { cache } = testCache()
    let called = false
    expect(() => cache.run(alice, () => (called = true))).toThrow(expect.objectContaining(missing))
    expect(() => cache.current('user')).toThrow(expect.objectContaining(missing))
    expect(() => cache.namespace('group').current('user')).toThrow(expect.objectContaining(missing))
    await expect(cache.deferInvalidations(() => (called = true))).rejects.toMatchObject(missing)
    expect(called).toBe(false)
  })

  it('an undeclared level is still the first thing that is wrong', () => {
    const { cache } = testCache()
    expect(() => cache.current('team')).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
  })

  it('handles work, and so does the current global scope', async () => {
    const { cache } = testCache()
    await cache.current('global').set('k', 1)
    expect(await cache.global.get('k')).toBe(1)
    expect(await cache.at('user', alice).getOrSet('k', () => cache.identity())).toEqual({})
    expect(cache.at('user', alice).sync.getOrSet('l', () => 2)).toBe(2)
    expect(await cache.at('user', alice).getOrSet('x'.repeat(20_000), () => 3)).toBe(3)
    expect(await cache.at('organization', acme).invalidate()).toEqual({ applied: true, entries: 2 })
  })

  it('a request goes on without the context that an adapter would give it', () => {
    const { context } = ScopedCache.engineOf(testCache().cache)
    const ids = vi.fn(() => new Map())
    expect(context.follow(ids, () => context.ids.size)).toBe(0)
    expect(ids).not.toHaveBeenCalled()
  })

  it('functions are cached where their arguments say who asks, and run uncached where nothing does', async () => {
    const { cache } = testCache()
    let loads = 0
    const told = cache.wrap(async (_ids: typeof alice) => ++loads, {
      name: 'told',
      scope: 'user',
      identity: (ids) => ids,
    })
    expect([await told(alice), await told(alice)]).toEqual([1, 1])
    const untold = cache.wrap(async () => ++loads, { name: 'untold', scope: 'user' })
    expect([await untold(), await untold()]).toEqual([2, 3])
    const shared = cache.wrap(async () => ++loads, { name: 'shared', scope: 'global' })
    expect([await shared(), await shared()]).toEqual([4, 4])
  })
})
