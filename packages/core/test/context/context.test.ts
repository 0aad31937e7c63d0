import { describe, expect, it } from 'vitest'
import { createCache, defineScopes, type ScopedCache } from '@cacheado/core'
import { acme, alice, bob, testCache, zoe } from '../support/caches.js'
import { handLoader } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const refused = expect.objectContaining({ code: 'ERR_CACHE_SCOPE' })

describe('run', () => {
  it('makes its ids the context of everything called inside, and gives what the function gives', async () => {
    const { cache } = testCache()
    expect(cache.run(alice, () => 7)).toBe(7)
    await cache.run(alice, async () => {
      await settle()
      await cache.current('user').set('k', 1)
    })
    expect(await cache.at('user', alice).get('k')).toBe(1)
  })

  it('replaces the context and never merges with it', () => {
    const { cache } = testCache()
    cache.run({ ...alice, session: 's' }, () => {
      cache.run({ organization: 'globex' }, () => expect(cache.identity()).toEqual({ organization: 'globex' }))
      cache.run({}, () => expect(cache.identity()).toEqual({}))
      expect(cache.identity()).toEqual({ ...alice, session: 's' })
    })
    expect(cache.identity()).toEqual({})
  })

  it('passes on what the function throws, and leaves no context behind', () => {
    const { cache } = testCache()
    const failure = new Error('no')
    const fail = () => {
      throw failure
    }
    expect(() => cache.run(alice, fail)).toThrow(failure)
    expect(cache.identity()).toEqual({})
  })

  it.each([
    ['an undeclared level', { team: '1' }],
    ['an empty id', { organization: '' }],
    ['null for an id', { organization: null }],
    ['an object for an id', { organization: {} }],
    ['a fraction for an id', { organization: 1.5 }],
    ['control characters', { organization: 'a\nb' }],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'acme'],
  ])('refuses %s and calls nothing', (_name, ids) => {
    const { cache } = testCache()
    let called = false
    expect(() => cache.run(ids as never, () => (called = true))).toThrow(refused)
    expect(called).toBe(false)
  })

  it('leaves out what is undefined', () => {
    const { cache } = testCache()
    cache.run({ organization: 'acme', user: undefined }, () => expect(cache.identity()).toEqual(acme))
  })

  it('takes integers for ids', () => {
    const { cache } = testCache()
    cache.run({ organization: 7, user: 8n }, () => expect(cache.identity()).toEqual({ organization: '7', user: '8' }))
  })
})

describe('identity', () => {
  it('is plain JSON without the ids of secret levels', () => {
    const scopes = defineScopes(
      { organization: 'global', user: 'organization', session: 'user' },
      { secret: ['session'] },
    )
    const cache = createCache({ scopes })
    cache.run({ ...alice, session: 'credential' }, () => {
      const sent: unknown = JSON.parse(JSON.stringify(cache.identity()))
      expect(sent).toEqual(alice)
      cache.run(sent as never, () => expect(cache.current('user')).toMatchObject({ level: 'user' }))
    })
  })
})

describe('current', () => {
  it('takes the ids where it is called, not where its operations are', async () => {
    const { cache } = testCache()
    const scope = cache.run(alice, () => cache.current('user'))
    await cache.run(bob, () => scope.set('k', 1))
    expect(await cache.at('user', alice).get('k')).toBe(1)
    const nobody = cache.current('user')
    await cache.run(alice, async () => expect(await nobody.get('k')).toBeUndefined())
  })
})

describe('the context of a loader', () => {
  it('holds the ids down to its level and no more', async () => {
    const { cache } = testCache()
    await cache.run({ ...alice, session: 's', tenant: 't' }, async () => {
      const seen = (level: string) => cache.current(level).getOrSet('k', () => cache.identity())
      expect(await seen('session')).toEqual({ ...alice, session: 's' })
      expect(await seen('user')).toEqual(alice)
      expect(await seen('organization')).toEqual(acme)
      expect(await seen('tenant')).toEqual({ tenant: 't' })
      expect(await seen('global')).toEqual({})
      expect(await cache.at('user', bob).getOrSet('k', () => cache.identity())).toEqual(bob)
    })
  })

  it('stays so after awaits, and the caller has its own back', async () => {
    const { cache } = testCache()
    await cache.run(alice, async () => {
      await cache.current('organization').getOrSet('k', async () => {
        await settle()
        expect(cache.identity()).toEqual(acme)
      })
      expect(cache.identity()).toEqual(alice)
    })
  })

  it('cannot reach a narrower scope than its own: there is nobody', async () => {
    const { cache } = testCache()
    await cache.at('user', alice).set('name', 'Alice')
    await cache.run(alice, () =>
      cache
        .current('organization')
        .getOrSet('greeting', async () => `Hello ${await cache.current('user').get('name')}`),
    )
    expect(await cache.at('organization', acme).get('greeting')).toBe('Hello undefined')
  })

  it('is one for all who wait for the load: nobody sees the other’s (R10)', async () => {
    const { cache } = testCache()
    const hand = handLoader<void>()
    const seen: unknown[] = []
    const ask = (ids: typeof alice) =>
      cache.run(ids, async () => {
        const value = await cache.current('organization').getOrSet('k', async (context) => {
          await hand.load(context as never)
          seen.push(cache.identity())
          return cache.identity()
        })
        seen.push(cache.identity())
        return value
      })
    const values = [ask(alice), ask(bob)]
    hand.run(0).resolve()
    expect(await Promise.all(values)).toEqual([acme, acme])
    expect(seen).toEqual([acme, alice, bob])
  })

  it('is as narrow for a key that is too long to be cached', async () => {
    const { cache } = testCache()
    await cache.run(alice, async () => {
      const seen = await cache.current('organization').getOrSet('x'.repeat(20_000), () => cache.identity())
      expect(seen).toEqual(acme)
    })
  })

  it('is as narrow on a closed cache, and in the background', async () => {
    const { cache, clock } = testCache({ ttl: 100, staleWhileRevalidate: 1000 })
    const seen: unknown[] = []
    const load = () => void seen.push(cache.identity())
    await cache.run(alice, async () => {
      await cache.current('organization').getOrSet('k', load)
      clock.advance(100)
      await cache.current('organization').getOrSet('k', load)
      await cache.settled()
      await cache.close()
      await cache.current('organization').getOrSet('k', load)
    })
    expect(seen).toEqual([acme, acme, acme])
  })

  it('hides in other caches, too, whatever the entry is not keyed by', async () => {
    const { cache } = testCache()
    const library = testCache().cache
    const other = testCache().cache
    await library.at('user', alice).set('name', 'Alice')
    await library.at('organization', acme).set('plan', 'gold')
    await library.run({ ...alice, tenant: 't' }, () =>
      other.run({ tenant: 't' }, () =>
        cache.run(alice, async () => {
          expect(library.identity()).toEqual({ ...alice, tenant: 't' })
          await cache.current('organization').getOrSet('k', async () => {
            expect(library.identity()).toEqual(acme)
            expect(other.identity()).toEqual({})
            expect(await library.current('user').get('name')).toBeUndefined()
            expect(await library.current('organization').get('plan')).toBe('gold')
          })
          await cache
            .at('organization', { organization: 'globex' })
            .getOrSet('k', () => expect(library.identity()).toEqual({}))
          expect(library.identity()).toEqual({ ...alice, tenant: 't' })
        }),
      ),
    )
  })
})

describe('contexts of several caches', () => {
  it('do not know each other', async () => {
    const one = testCache().cache
    const other = testCache().cache
    await one.run(alice, async () => {
      expect(other.identity()).toEqual({})
      await other.run(zoe, async () => {
        expect([one.identity(), other.identity()]).toEqual([alice, zoe])
        await one.run(bob, () => expect([one.identity(), other.identity()]).toEqual([bob, zoe]))
        await one.current('user').set('k', 1)
        await other.current('user').set('k', 2)
      })
    })
    expect(await one.at('user', alice).get('k')).toBe(1)
    expect(await other.at('user', zoe).get('k')).toBe(2)
    expect([one.stats().entries, other.stats().entries]).toEqual([1, 1])
  })
})

type Pair = [Pick<ScopedCache, 'at'>, Pick<ScopedCache, 'at'>]

describe('two caches, or two namespaces of one', () => {
  it.each([
    ['caches', () => [testCache().cache, testCache().cache]],
    [
      'namespaces',
      () => {
        const { cache } = testCache()
        return [cache.namespace('a'), cache.namespace('b')]
      },
    ],
  ] as const)('%s: share no load under the same key, though they load at once (T-07)', async (_name, make) => {
    const [a, b] = make() as unknown as Pair
    const hand = handLoader<string>()
    const values = Promise.all([a, b, a, b].map((group) => group.at('user', alice).getOrSet('k', hand.load)))
    expect(hand.runs).toHaveLength(2)
    hand.run(1).resolve('of b')
    hand.run(0).resolve('of a')
    expect(await values).toEqual(['of a', 'of b', 'of a', 'of b'])
    expect(await a.at('user', alice).get('k')).toBe('of a')
    expect(await b.at('user', alice).get('k')).toBe('of b')
  })

  it.each([
    ['caches', () => [testCache().cache, testCache().cache]],
    [
      'namespaces',
      () => {
        const { cache } = testCache()
        return [cache.namespace('a'), cache.namespace('b')]
      },
    ],
  ] as const)('%s: can load through each other under the same key without a deadlock (T-07)', async (_name, make) => {
    const [a, b] = make() as unknown as Pair
    const [ofA, ofB] = [a.at('user', alice), b.at('user', alice)]
    const nest = (outer: typeof ofA, inner: typeof ofA, name: string) =>
      outer.getOrSet('k', async () => `${name} of ${await inner.getOrSet('k', () => 'the inner one')}`)
    expect(await nest(ofA, ofB, 'a')).toBe('a of the inner one')
    await a.at('user', alice).invalidate()
    await b.at('user', alice).invalidate()
    const many = await Promise.all(Array.from({ length: 20 }, () => nest(ofA, ofB, 'a')))
    expect(new Set(many)).toEqual(new Set(['a of the inner one']))
    expect(await Promise.all([ofA.get('k'), ofB.get('k')])).toEqual(['a of the inner one', 'the inner one'])
  })
})
