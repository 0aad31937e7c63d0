import { describe, expect, it } from 'vitest'
import { acme, alice, bob } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster, join, type Cluster } from './cluster.js'

expectNoUnhandledRejection()

/** What node 1 holds in memory and the store does not let it hear of: node 0 invalidated it. */
async function unheard(made: Cluster): Promise<void> {
  await made.node(0).cache.at('user', alice).set('k', 'old')
  await made.settle()
  expect(await made.node(1).cache.at('user', alice).get('k')).toBe('old')
  made.engine.hold(made.node(1).port)
  expect(await made.node(0).cache.at('organization', acme).invalidate()).toMatchObject({ applied: true })
  made.engine.discard(made.node(1).port)
}

describe('a message that is missed', () => {
  it('is noticed with the next one, or half a second later', async () => {
    for (const first of [true, false]) {
      const made = await cluster()
      const here = made.node(1).cache.at('user', alice)
      // The very first message of a process is no exception.
      if (!first) await made.node(0).cache.global.delete('before')
      const writer = first ? await join(made) : made.node(0).cache
      await made.node(0).cache.at('user', alice).set('k', 'old')
      await made.settle()
      expect(await here.get('k')).toBe('old')
      made.engine.hold(made.node(1).port)
      await writer.at('organization', acme).invalidate()
      made.engine.discard(made.node(1).port)
      made.engine.release(made.node(1).port)
      expect(here.sync.get('k')).toBe('old')
      await made.pass(500)
      expect(await here.get('k')).toBeUndefined()
      expect(made.node(1).cache.stats().remote?.gaps).toBeGreaterThan(0)
      if (first) await writer.close()
      await made.close()
    }
  })

  it('is not suspected where none is: many writes at once look like none was', async () => {
    const made = await cluster({ nodes: 3 })
    const [a, b] = [made.node(0).cache, made.node(1).cache]
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 50 }, (_, at) => `k${at}`)
      await Promise.all([
        a.at('user', alice).setMany(keys.map((key) => [key, round] as const)),
        a.at('user', bob).set('x', round, { tags: [`t${round}`] }),
        a.at('user', bob).invalidate(),
        b.at('user', bob).deleteMany(keys),
        a.global.invalidateTags(['t']),
      ])
      await made.pass(10_000)
    }
    // Node 1 spoke before the others listened to it, or they before it: that may count once.
    for (const { cache } of made.nodes) expect(cache.stats().remote?.gaps).toBe(0)
    await made.close()
  })
})

describe('what nobody can notice', () => {
  it.each([
    ['30 s with a bus', undefined, 30_000],
    ['as long as revalidateAfter says', '5s', 5000],
  ] as const)(
    'is served no longer than %s, stamps that were compared before included',
    async (_what, revalidateAfter, limit) => {
      const made = await cluster({ cache: { memory: revalidateAfter === undefined ? {} : { revalidateAfter } } })
      const here = made.node(1).cache.at('user', alice)
      // Its stamps are compared at the beginning, the value is first read near the end: it is trusted no longer for that.
      await made
        .node(0)
        .cache.at('user', alice)
        .setMany([
          ['k', 'old'],
          ['other', 'x'],
        ])
      await made.settle()
      // Held in memory, so that the scope's stamps stay known.
      expect(await here.get('other')).toBe('x')
      made.engine.hold(made.node(1).port)
      await made.node(0).cache.at('organization', acme).invalidate()
      await made.pass(limit * 0.4)
      expect(await here.get('k')).toBe('old')
      await made.pass(limit * 0.6)
      expect(await here.get('k')).toBeUndefined()
      await made.close()
    },
  )
})

describe('a process that may have missed something', () => {
  it('serves nothing before it was compared, and drops nothing: what is still good is a hit again', async () => {
    const made = await cluster()
    const { cache, port } = made.node(1)
    const [good, bad] = [cache.at('user', { organization: 'globex', user: 'zoe' }), cache.at('user', alice)]
    await good.set('k', { kept: true })
    const kept = good.sync.get('k')
    await unheard(made)
    made.engine.disconnect(port, 'bus')
    expect(good.sync.get('k')).toBeUndefined()
    expect(await bad.get('k')).toBeUndefined()
    expect(await good.get('k')).toBe(kept)
    made.engine.release(port)
    made.engine.reconnect(port)
    expect(good.sync.get('k')).toBeUndefined()
    expect(await good.get('k')).toBe(kept)
    expect(good.sync.get('k')).toBe(kept)
    await made.close()
  })

  it('serves memory while the store cannot be asked, for as long as trustWhileDown says', async () => {
    for (const [trustWhileDown, after, expected] of [
      ['max', 60_000, 'v'],
      ['10s', 5000, 'v'],
      ['10s', 45_000, undefined],
      [0, 31_000, undefined],
    ] as const) {
      const made = await cluster({ nodes: 1, cache: { memory: { trustWhileDown } } })
      const { cache, store } = made.node(0)
      await cache.global.set('k', 'v')
      await made.pass(30_000)
      store.plan({ getMany: 'refuse' })
      for (let look = 0; look < 6; look++) await cache.global.get(`other ${look}`)
      await made.pass(after)
      expect(await cache.global.get('k'), `${trustWhileDown} after ${after}`).toBe(expected)
      await made.close()
    }
  })

  it('trusts nothing that cannot be compared with trustWhileDown: 0, from the first failure on', async () => {
    const made = await cluster({ nodes: 1, cache: { memory: { trustWhileDown: 0 } } })
    const { cache, store } = made.node(0)
    await cache.global.set('k', 'v')
    await made.pass(31_000)
    store.plan({ getMany: 'refuse' })
    expect(await cache.global.get('k')).toBeUndefined()
    store.plan()
    expect(await cache.global.get('k')).toBe('v')
    await made.close()
  })

  it('keeps nothing of its own with memory: false', async () => {
    const made = await cluster({ cache: { memory: false } })
    const [a, b] = [made.node(0), made.node(1)]
    await a.cache.global.set('k', 'v')
    expect(await b.cache.global.get('k')).toBe('v')
    made.engine.evict(made.engine.keys().find((key) => key.endsWith('|k')) as string)
    expect(await b.cache.global.get('k')).toBeUndefined()
    await a.cache.global.set('k', 'w')
    a.store.plan({ getMany: 'refuse' })
    expect(await a.cache.global.get('k')).toBeUndefined()
    await made.close()
  })
})
