import { describe, expect, it } from 'vitest'
import type { InvalidationResult } from '@cacheado/core'
import { acme, alice, testCache } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

async function filled() {
  const made = testCache()
  const { cache } = made
  const scope = cache.at('user', alice)
  await scope.setMany(
    ['deleted', 'many', 'tagged', 'scope'].map((key) => [key, 1] as const),
    { tags: ['all'] },
  )
  await scope.set('tagged', 1, { tags: ['t'] })
  await cache.namespace('group').at('user', alice).set('k', 1)
  const left = async () =>
    (await scope.getMany(['deleted', 'many', 'tagged', 'scope'])).filter((value) => value !== undefined).length
  return { ...made, scope, left }
}

describe('deferInvalidations', () => {
  it('applies deletes and invalidations after the function resolves, and gives what it gave', async () => {
    const { cache, scope, left } = await filled()
    const results: unknown[] = []
    const result = await cache.deferInvalidations(async () => {
      results.push(await scope.delete('deleted'), await scope.deleteMany(['many']))
      results.push(await scope.invalidateTags(['t']))
      expect(await left()).toBe(4)
      return 'committed'
    })
    expect(result).toBe('committed')
    expect(results).toEqual([false, 0, { applied: false, entries: 0 } satisfies InvalidationResult])
    expect(await left()).toBe(1)
  })

  it('applies scopes, namespaces and clear likewise, in their order', async () => {
    const { cache, scope, left } = await filled()
    const seen: string[] = []
    cache.on('invalidate', ({ level, namespace }) => seen.push(`${namespace}@${level}`))
    await cache.deferInvalidations(async () => {
      await scope.invalidate()
      await cache.namespace('group').invalidate()
      await cache.clear()
      expect(seen).toEqual([])
      expect(await left()).toBe(4)
    })
    expect(seen).toEqual(['@user', 'group@global', '@global'])
    expect(cache.stats().entries).toBe(0)
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('rolled back'))],
    [
      'throws',
      () => {
        throw new Error('rolled back')
      },
    ],
  ])('applies none where the function %s, and passes on what it threw', async (_name, end) => {
    const { cache, scope, left } = await filled()
    const work = cache.deferInvalidations(() => {
      void scope.delete('deleted')
      void scope.invalidateTags(['t'])
      void cache.clear()
      return end()
    })
    await expect(work).rejects.toThrow('rolled back')
    await settle()
    expect(await left()).toBe(4)
  })

  it('takes a function that is not asynchronous', async () => {
    const { cache, scope, left } = await filled()
    expect(await cache.deferInvalidations(() => (void scope.delete('deleted'), 7))).toBe(7)
    expect(await left()).toBe(3)
  })

  it('applies before it resolves, so that nobody reads an old value after it', async () => {
    const { cache, scope } = await filled()
    await cache.deferInvalidations(() => scope.invalidate())
    expect(await scope.has('scope')).toBe(false)
  })

  it('kills loads that began inside, before the commit', async () => {
    const { cache, scope } = await filled()
    const hand = handLoader<string>()
    await cache.deferInvalidations(async () => {
      await scope.delete('k')
      void scope.getOrSet('k', hand.load)
    })
    hand.run(0).resolve('read before the commit')
    await settle()
    expect(await scope.has('k')).toBe(false)
  })

  it('concerns what is called inside only', async () => {
    const { cache, scope, left } = await filled()
    let finish = () => {}
    const work = cache.deferInvalidations(() => new Promise<void>((resolve) => (finish = resolve)))
    expect(await scope.delete('deleted')).toBe(true)
    expect(await left()).toBe(3)
    finish()
    await work
  })

  it('concerns one cache only', async () => {
    const { cache } = await filled()
    const other = (await filled()).cache
    await cache.deferInvalidations(async () => {
      expect(await other.clear()).toMatchObject({ applied: true })
    })
  })

  it('reaches through run and through loaders', async () => {
    const { cache, scope, left } = await filled()
    await cache.deferInvalidations(async () => {
      await cache.run(alice, () => cache.current('user').delete('deleted'))
      await cache.global.getOrSet('k', () => scope.delete('many'))
      expect(await left()).toBe(4)
    })
    expect(await left()).toBe(2)
  })

  it('inside of another one hands over to that: nothing is committed before the outer one is', async () => {
    const { cache, scope, left } = await filled()
    await cache.deferInvalidations(async () => {
      await cache.deferInvalidations(() => scope.delete('deleted'))
      await expect(
        cache.deferInvalidations(async () => {
          await scope.delete('many')
          throw new Error('savepoint')
        }),
      ).rejects.toThrow('savepoint')
      expect(await left()).toBe(4)
    })
    expect(await left()).toBe(3)
  })

  it('drops what an inner one handed over where the outer one fails', async () => {
    const { cache, scope, left } = await filled()
    const work = cache.deferInvalidations(async () => {
      await cache.deferInvalidations(() => scope.delete('deleted'))
      throw new Error('rolled back')
    })
    await expect(work).rejects.toThrow()
    expect(await left()).toBe(4)
  })

  it('collects nothing of what outlives it: that acts at once', async () => {
    const { cache, scope, left } = await filled()
    let go = () => {}
    let late: Promise<boolean> | undefined
    for (const fail of [false, true]) {
      await cache
        .deferInvalidations(async () => {
          const gate = new Promise<void>((resolve) => (go = resolve))
          late = gate.then(() => scope.delete(fail ? 'many' : 'deleted'))
          if (fail) throw new Error('rolled back')
        })
        .catch(() => {})
      go()
      expect(await late).toBe(true)
    }
    expect(await left()).toBe(2)
  })

  it('refuses at once what could not be done: a bad tag, a scope that is not known', async () => {
    const { cache } = await filled()
    await cache.deferInvalidations(async () => {
      await expect(cache.global.invalidateTags([''])).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
      await expect(cache.current('user').invalidate()).rejects.toMatchObject({ code: 'ERR_CACHE_SCOPE' })
    })
  })

  it('keeps the identity of its caller inside', async () => {
    const { cache } = await filled()
    await cache.run(acme, () => cache.deferInvalidations(() => expect(cache.identity()).toEqual(acme)))
  })
})
