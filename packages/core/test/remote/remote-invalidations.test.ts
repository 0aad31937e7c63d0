import type { ScopedCache } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { acme, alice } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, join, type Cluster, type TestNode } from './cluster.js'

expectNoUnhandledRejection()

async function two(options?: Parameters<typeof cluster>[0]): Promise<{ made: Cluster; a: TestNode; b: TestNode }> {
  const made = await cluster(options)
  return { made, a: made.node(0), b: made.node(1) }
}

describe('an invalidation that the store does not take', () => {
  it('says so, waits, and reaches the other process when the store is back', async () => {
    const { made, a, b } = await two()
    const [there, here] = [a.cache.at('user', alice), b.cache.at('user', alice)]
    await there.set('k', 'old')
    await made.settle()
    expect(await here.get('k')).toBe('old')
    a.store.plan('refuse')
    expect(await a.cache.at('organization', acme).invalidate()).toMatchObject({ applied: false })
    expect(a.cache.health().remote).toMatchObject({ queued: 1 })
    expect(await there.get('k')).toBeUndefined()
    a.store.plan()
    await made.pass(1000)
    expect(a.cache.health().remote).toMatchObject({ queued: 0 })
    expect(await there.get('k')).toBeUndefined()
    expect(await here.get('k')).toBeUndefined()
    await made.close()
  })

  it('is not forgotten for another tag of the same scope that waits, too', async () => {
    const { made, a, b } = await two()
    const [there, here] = [a.cache.at('user', alice), b.cache.at('user', alice)]
    await there.set('k', 'old', { tags: ['s'] })
    await there.set('l', 'old', { tags: ['t'] })
    await made.settle()
    expect(await here.getMany(['k', 'l'])).toEqual(['old', 'old'])
    a.store.plan('refuse')
    await there.invalidateTags(['s'])
    await there.invalidateTags(['t'])
    a.store.plan()
    await made.pass(1000)
    expect(await here.getMany(['k', 'l'])).toEqual([undefined, undefined])
    expect(await there.getMany(['k', 'l'])).toEqual([undefined, undefined])
    expect(a.cache.health().remote).toMatchObject({ queued: 0 })
    await made.close()
  })

  it('comes with a new stamp each time it is tried: what was invalidated meanwhile is not valid again', async () => {
    const { made, a, b } = await two()
    const here = b.cache.at('user', alice)
    // The store does it, and the acknowledgement is lost.
    a.store.plan({ set: 'fail' })
    expect(await a.cache.at('organization', acme).invalidate()).toMatchObject({ applied: false })
    await made.settle()
    await here.set('k', 'old')
    expect(await b.cache.at('organization', acme).invalidate()).toMatchObject({ applied: true })
    expect(await here.get('k')).toBeUndefined()
    a.store.plan()
    await made.pass(1000)
    await made.settle()
    expect(await here.get('k')).toBeUndefined()
    expect(await a.cache.at('user', alice).get('k')).toBeUndefined()
    await made.close()
  })

  it('comes with a new mark each time a delete is tried: a load that saw the first one writes over no newer value', async () => {
    const { made, a, b } = await two()
    const [there, here] = [a.cache.at('user', alice), b.cache.at('user', alice)]
    a.store.plan({ set: 'fail' })
    await there.delete('k')
    await made.settle()
    const { load, run } = handLoader<string>()
    // Another process looks, sees the mark and loads; it does not hear what is said meanwhile.
    made.engine.hold(b.port)
    const loading = here.getOrSet('k', load)
    await made.settle()
    const third = await join(made)
    await third.at('user', alice).set('k', 'new')
    a.store.plan()
    await made.pass(1000)
    run(0).resolve('old')
    expect(await loading).toBe('old')
    await made.settle()
    expect(await third.at('user', alice).get('k')).not.toBe('old')
    await third.close()
    await made.close()
  })

  it('is no longer waiting once the same was invalidated again and the store took it', async () => {
    const { made, a } = await two()
    const scope = a.cache.at('user', alice)
    a.store.plan('refuse')
    await scope.invalidate()
    a.store.plan()
    expect(await scope.invalidate()).toMatchObject({ applied: true })
    expect(a.cache.health().remote).toMatchObject({ queued: 0 })
    await scope.set('k', 'new')
    await made.pass(2000)
    expect(await scope.get('k')).toBe('new')
    await made.close()
  })
})

describe('an invalidation whose acknowledgement is late', () => {
  it.each(['before', 'after'] as const)(
    'brings back nothing that another process invalidated meanwhile: read %s the acknowledgement',
    async (when) => {
      for (const invalidate of [
        (cache: ScopedCache) => cache.at('user', alice).invalidate(),
        (cache: ScopedCache) => cache.at('user', alice).invalidateTags(['t']),
      ]) {
        const { made, a, b } = await two()
        const scope = a.cache.at('user', alice)
        await scope.set('other', 'x', { tags: ['t'] })
        await made.settle()
        a.store.plan({ set: 'delay-answer' })
        const first = invalidate(a.cache)
        await made.settle()
        // Loaded after the first invalidation, and in the store with its stamps; then comes the second one.
        await scope.getOrSet('k', () => 'old', { tags: ['t'] })
        await made.settle()
        expect(await invalidate(b.cache)).toMatchObject({ applied: true })
        await made.settle()
        scope.sync.set('other', 'y')
        if (when === 'before') expect(await scope.get('k')).toBeUndefined()
        a.store.release()
        await first
        expect(await scope.get('k')).toBeUndefined()
        a.store.plan()
        a.store.release()
        await made.settle()
        expect(await scope.get('k')).toBeUndefined()
        await made.close()
      }
    },
  )
})

describe('what was begun before an invalidation of the same process', () => {
  it('is not valid after it: a value whose write still waits', async () => {
    for (const invalidate of [
      (cache: ScopedCache) => cache.clear(),
      (cache: ScopedCache) => cache.at('organization', acme).invalidate(),
      (cache: ScopedCache) => cache.at('user', alice).invalidateTags(['t']),
    ]) {
      const { made, a, b } = await two()
      const scope = a.cache.at('user', alice)
      await scope.set('k', 'before', { tags: ['t'] })
      a.store.plan({ set: 'delay' })
      scope.sync.set('k', 'first', { tags: ['t'] })
      scope.sync.set('k', 'old', { tags: ['t'] })
      await made.settle()
      a.store.plan()
      const done = invalidate(a.cache)
      a.store.release()
      await done
      await made.settle()
      expect(await scope.get('k')).toBeUndefined()
      expect(await b.cache.at('user', alice).get('k')).toBeUndefined()
      await made.close()
    }
  })

  it('is not valid after it: a loaded value that is on its way into the store, whichever step it has come to', async () => {
    const invalidations: readonly ((cache: ScopedCache) => Promise<unknown>)[] = [
      (cache) => cache.at('user', alice).invalidateTags(['t']),
      (cache) => cache.at('user', alice).invalidate(),
      (cache) => cache.clear(),
    ]
    const { made, a, b } = await two()
    const scope = a.cache.at('user', alice)
    for (const invalidate of invalidations) {
      for (let steps = 0; steps < 30; steps++) {
        // The stamps of its scope and its tag are known before.
        await scope.set('other', 'x', { tags: ['t'] })
        const { load, run } = handLoader<string>()
        const loading = scope.getOrSet('k', load, { tags: ['t'] })
        await made.settle()
        run(0).resolve('old')
        for (let step = 0; step < steps; step++) await undefined
        await invalidate(a.cache)
        await loading
        await made.settle()
        expect(await scope.get('k')).toBeUndefined()
        expect(await b.cache.at('user', alice).get('k')).toBeUndefined()
      }
    }
    await made.close()
  })

  it('is not valid after it: a loaded value whose tag nobody knew before, whichever step it has come to', async () => {
    const { made, a, b } = await two()
    for (let steps = 0; steps < 80; steps++) {
      const ids = { organization: `o${steps}`, user: 'alice' }
      const scope = a.cache.at('user', ids)
      const { load, run } = handLoader<string>()
      const loading = scope.getOrSet('k', load, { tags: ['t'] })
      await made.settle()
      run(0).resolve('old')
      for (let step = 0; step < steps; step++) await undefined
      await scope.invalidateTags(['t'])
      await loading
      await made.settle()
      expect(await b.cache.at('user', ids).get('k'), `after ${steps} steps`).toBeUndefined()
    }
    await made.close()
  })
})
