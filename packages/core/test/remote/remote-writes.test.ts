import { describe, expect, it } from 'vitest'
import { ScopedCache } from '@cacheado/core'
import { acme, alice, bob } from '../support/caches.js'
import { handLoader, watch } from '../support/hand-loader.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import { cluster } from './cluster.js'

expectNoUnhandledRejection()

const READ_ONLY = { set: 'refuse', create: 'refuse', replace: 'refuse' } as const

describe('a write', () => {
  it('that the store refuses leaves nothing older to read', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0), made.node(1)]
    await a.cache.global.set('k', 'old')
    await made.settle()
    expect(await b.cache.global.get('k')).toBe('old')
    a.store.plan(READ_ONLY)
    await a.cache.global.set('k', 'new')
    a.cache.global.sync.delete('unrelated')
    expect(await a.cache.global.get('k')).toBe('new')
    a.store.plan()
    await made.pass(2000)
    expect(await b.cache.global.get('k')).not.toBe('old')
    await made.close()
  })

  it('waits for a frozen store no longer than for one write', async () => {
    const made = await cluster({ nodes: 1 })
    const { cache, store } = made.node(0)
    await cache.global.set('k', 'old')
    store.plan('hang')
    const writing = watch(cache.global.set('k', 'new'))
    const invalidating = watch(cache.global.invalidateTags(['t']))
    await made.pass(250)
    expect(writing.state).toBe('fulfilled')
    expect(invalidating.value).toMatchObject({ applied: false })
    await made.close()
  })

  it('keeps a reader waiting no longer than the store itself', async () => {
    const made = await cluster({ nodes: 1, cache: { memory: false } })
    const { cache, store } = made.node(0)
    store.plan({ set: 'hang' })
    cache.global.sync.set('k', 'new')
    const reading = watch(cache.global.get('k'))
    await made.pass(100)
    expect(reading.state).toBe('fulfilled')
    await made.close()
  })

  it('of a load that lost against a newer value leaves no copy in memory, whatever the value is', async () => {
    for (const value of ['old', Number.NaN, undefined, 0]) {
      const made = await cluster()
      const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
      const { load, run } = handLoader<unknown>()
      made.engine.hold(made.node(0).port)
      const loading = a.getOrSet('k', load)
      await made.settle()
      await b.set('k', 'new')
      run(0).resolve(value)
      expect(await loading).toBe(value)
      await made.settle()
      expect(await a.get('k')).toBe('new')
      await made.close()
    }
  })

  it('of a late load revives nothing that another process deleted and this one did not hear of', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
    await b.set('k', 'older')
    await made.settle()
    const { load, run } = handLoader<string>()
    made.engine.hold(made.node(0).port)
    const loading = a.getOrSet('k', load, { refresh: true })
    await made.settle()
    expect(await b.delete('k')).toBe(true)
    run(0).resolve('old')
    await loading
    await made.settle()
    expect(await b.get('k')).toBeUndefined()
    expect(await a.get('k')).toBeUndefined()
    await made.close()
  })
})

describe('the queue of invalidations', () => {
  it('invalidates everything where there are more than it holds', async () => {
    const made = await cluster({ remote: { maxQueuedInvalidations: 3 } })
    const [a, b] = [made.node(0), made.node(1)]
    await b.cache.at('user', bob).set('k', 'innocent')
    await b.cache.at('user', alice).set('k', 'old')
    a.store.plan(READ_ONLY)
    await a.cache.at('user', alice).invalidate()
    for (let other = 0; other < 3; other++) await a.cache.at('tenant', { tenant: `${other}` }).invalidate()
    expect(a.cache.health().remote).toMatchObject({ queued: 1 })
    a.store.plan()
    await made.pass(5000)
    expect(a.cache.health().remote).toMatchObject({ queued: 0 })
    expect(await b.cache.at('user', alice).get('k')).toBeUndefined()
    expect(await b.cache.at('user', bob).get('k')).toBeUndefined()
    await made.close()
  })

  it('is sent a last time by close, which says what is lost', async () => {
    for (const back of [true, false]) {
      const made = await cluster()
      const [a, b] = [made.node(0), made.node(1)]
      await b.cache.at('user', alice).set('k', 'old')
      a.store.plan(READ_ONLY)
      await a.cache.at('organization', acme).invalidate()
      await a.cache.at('user', bob).invalidateTags(['s', 't'])
      if (back) a.store.plan()
      const closing = a.cache.close()
      await made.pass(5000)
      await closing
      expect(a.cache.stats().remote?.lost).toBe(back ? 0 : 3)
      expect(await b.cache.at('user', alice).get('k')).toBe(back ? undefined : 'old')
      await made.close()
    }
  })
})

describe('what comes over the bus or out of the store', () => {
  it('harms nobody, however malformed: it is not thrown, and at the most something is compared again', async () => {
    const made = await cluster()
    const { cache, port } = made.node(1)
    await cache.at('user', alice).set('k', 'v')
    const address = [['organization', '%zz']]
    const hostile: unknown[] = [
      '',
      '{',
      'null',
      '[]',
      '[1]',
      17,
      { __proto__: null },
      [1, 'o', 1, 'scope', address],
      [1, 'o', 2, 'tags', address, ['tag=%zz'], ['', '']],
      [1, 'o', 3, 'tags', [], ['tag=%zz'], [btoa('0123456789abcdef'), btoa('0123456789abcdef')]],
      [1, 'o', 4, 'scope', [['__proto__', 'x']]],
      [1, 'o', 5, 'set', [['constructor', 'x']], '__proto__', 'toString'],
      [1, 'o', 6, 'delete', [], '', { a: 1 }],
      [1, 'o', 7, 'nonsense'],
      [2, 'o', 8, 'scope', []],
      '[1,"o",1e400,"beat"]',
    ]
    for (const message of hostile) {
      const text = typeof message === 'string' ? message : JSON.stringify(message)
      await port.bus?.publish(new TextEncoder().encode(text))
    }
    await port.bus?.publish(Uint8Array.from({ length: 300 }, (_, at) => at))
    await made.settle()
    expect(await cache.at('user', alice).get('k')).toBe('v')
    expect(Object.keys(Object.prototype)).toEqual([])
    await made.close()
  })

  it('is a miss where it is damaged, foreign or of another key, is counted, and is replaced by the next load', async () => {
    const made = await cluster()
    const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
    await a.set('k', 'v')
    await a.set('l', 'w')
    await made.settle()
    const [key, other] = ['|k', '|l'].map((end) => made.engine.keys().find((each) => each.endsWith(end)) as string)
    const good = made.engine.raw(key as string) as Uint8Array
    const flipped = good.map((byte, at) => (at === good.length - 8 ? byte ^ 1 : byte))
    const bad = [
      flipped,
      good.slice(0, 40),
      new Uint8Array(0),
      new TextEncoder().encode('of an older version, or of another application'),
    ]
    for (const bytes of [...bad, made.engine.raw(other as string) as Uint8Array]) {
      made.engine.put(key as string, bytes)
      expect(await b.get('k')).toBeUndefined()
      expect(await b.getOrSet('k', () => 'new')).toBe('new')
      await made.settle()
      expect(made.engine.raw(key as string)).not.toEqual(bytes)
      await b.delete('k')
    }
    expect(made.node(1).cache.stats().remote).toMatchObject({ mismatches: 1 })
    await made.close()
  })

  it('is stale where its clock is ahead by more than a second', async () => {
    for (const [ahead, expected] of [
      [900, 'v'],
      [60_000, undefined],
    ] as const) {
      const made = await cluster()
      made.clock.setWall(made.clock.wall() + ahead)
      await made.node(0).cache.global.set('k', 'v', { ttl: '1m' })
      made.clock.setWall(made.clock.wall() - ahead)
      await made.settle()
      expect(await made.node(1).cache.global.get('k')).toBe(expected)
      await made.close()
    }
  })
})

it('what no codec takes stays in its process, and what was there before goes', async () => {
  class Custom {}
  const made = await cluster()
  const [a, b] = [made.node(0).cache.global, made.node(1).cache.global]
  await a.set('k', 'before')
  await made.settle()
  expect(await b.get('k')).toBe('before')
  const value = new Custom()
  await a.set('k', value)
  await made.settle()
  expect(await a.get('k')).toBe(value)
  expect(await b.get('k')).toBeUndefined()
  expect(made.node(0).cache.stats().remote?.unencodable).toBe(1)
  expect(ScopedCache.engineOf(made.node(0).cache).tier.inFlight).toBe(0)
  await made.close()
})
