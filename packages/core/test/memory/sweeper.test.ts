import { spawnSync } from 'node:child_process'
import { createCache, type Clock } from '@cacheado/core'
import { createTestCache, manualClock } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'
import { Sweeper } from '../../src/memory/sweeper.js'
import { expectEmpty } from '../support/audit.js'
import { bundledCore } from '../support/bundled-core.js'

/** A clock on which each look at the time takes half a millisecond, and whose timers run one by one by hand. */
function slowClock(): { clock: Clock; turn: () => boolean; timers: (() => void)[] } {
  let time = 0
  const timers: (() => void)[] = []
  const clock: Clock = {
    now: () => (time += 0.5),
    wall: () => 0,
    after(_, callback) {
      timers.push(callback)
      return () => void timers.splice(timers.indexOf(callback), 1)
    },
  }
  const turn = () => {
    const timer = timers.shift()
    timer?.()
    return timer !== undefined
  }
  return { clock, turn, timers }
}

function* steps(count: number, step: () => void): Generator<void> {
  for (let at = 0; at < count; at++) {
    step()
    yield
  }
}

describe('background work', () => {
  it('runs in slices of a millisecond, the event loop free between them, jobs in their order', () => {
    const { clock, turn, timers } = slowClock()
    const sweeper = new Sweeper(clock)
    const done: string[] = []
    sweeper.run(steps(1000, () => done.push('first')))
    sweeper.run(steps(1000, () => done.push('second')))
    expect([done.length, timers.length]).toEqual([0, 1])
    const slices: number[] = []
    while (turn()) {
      slices.push(done.length - slices.reduce((sum, length) => sum + length, 0))
      expect(timers.length).toBeLessThanOrEqual(1)
    }
    // Two looks at this clock are a millisecond, and it is looked at every 128 steps.
    expect(Math.max(...slices)).toBeLessThanOrEqual(2 * 128)
    expect(slices.length).toBeGreaterThanOrEqual(5)
    expect(done).toEqual([
      ...Array.from({ length: 1000 }, () => 'first'),
      ...Array.from({ length: 1000 }, () => 'second'),
    ])
  })

  it('is shared by writes where timers do not fire, as in a Worker', async () => {
    const clock: Clock = { ...manualClock(), now: () => 0, wall: () => 0, after: () => () => {} }
    const cache = createCache({ clock, scopes: { organization: 'global' } })
    const acme = cache.at('organization', { organization: 'acme' })
    for (let key = 0; key < 100; key++) acme.sync.set(key, key)
    const space = cache.namespace('space')
    space.at('organization', { organization: 'acme' }).sync.set('k', 1)
    await acme.invalidate()
    expect(space.stats().entries).toBe(1)
    for (let key = 0; key < 40; key++) cache.global.sync.set(key, key)
    expect(space.stats().entries).toBe(0)
  })

  it('is planned anew where the timer of an earlier plan never fired', () => {
    const sweeper = new Sweeper({ now: () => 0, wall: () => 0, after: () => () => {} })
    let plans = 0
    const job = () => steps(1, () => plans++)
    const planning = new Sweeper({ now: () => 0, wall: () => 0, after: (_, callback) => (callback(), () => {}) })
    planning.plan(0, 10, job)
    expect(plans).toBe(1)
    const delays: number[] = []
    const lost = new Sweeper({ now: () => 0, wall: () => 0, after: (delay) => (delays.push(delay), () => {}) })
    for (const now of [0, 5, 10, 19, 20, 21, 30]) lost.plan(now, 10, job)
    expect(delays).toEqual([10, 10])
    sweeper.stop()
    sweeper.work()
  })

  it('that is reached by its own step is left alone', () => {
    const clock = manualClock()
    const sweeper = new Sweeper(clock)
    let done = 0
    sweeper.run(
      steps(10, () => {
        done++
        sweeper.work()
      }),
    )
    clock.advance(1)
    expect(done).toBe(10)
  })

  it('goes on with the next job where one throws', () => {
    const clock = manualClock()
    const sweeper = new Sweeper(clock)
    let done = 0
    sweeper.run(steps(1, () => { throw new Error('policy') })) // prettier-ignore
    sweeper.run(steps(3, () => done++))
    expect(() => clock.advance(1)).toThrow('policy')
    sweeper.run(steps(1, () => done++))
    clock.advance(1)
    sweeper.work()
    expect(done).toBe(4)
  })
})

describe('the memory of an invalidated scope', () => {
  it('is freed in slices, never at once', async () => {
    const { clock, turn } = slowClock()
    const cache = createCache({
      clock,
      scopes: { organization: 'global', user: 'organization' },
      ttl: 'max',
      memory: { maxEntries: Infinity },
    })
    const space = cache.namespace('space')
    for (let user = 0; user < 3000; user++) space.at('user', { organization: 'acme', user }).sync.set('k', 1)
    await cache.at('organization', { organization: 'acme' }).invalidate()
    let [turns, before] = [0, space.stats().entries]
    expect(before).toBe(3000)
    while (space.stats().entries > 0 && turn()) {
      turns++
      expect(before - space.stats().entries).toBeLessThanOrEqual(2 * 128)
      before = space.stats().entries
    }
    expect(turns).toBeGreaterThan(8)
  })
})

describe('invalidating a scope of 100,000 entries', () => {
  const scopes = { organization: 'global', user: 'organization' }

  it('takes effect at once and does nothing for each entry: that is for the background', async () => {
    const { cache, clock } = createTestCache({
      scopes,
      ttl: '1h',
      memory: { maxEntries: Infinity, maxBytes: Infinity },
    })
    const space = cache.namespace('space')
    for (let at = 0; at < 100_000; at++) space.at('user', { organization: 'acme', user: at % 1000 }).sync.set(at, at)
    space.at('user', { organization: 'other', user: 1 }).sync.set('k', 1)
    expect(cache.stats().entries).toBe(100_001)

    const invalidated = cache.at('organization', { organization: 'acme' }).invalidate()
    // On the same tick: nobody finds them, no scope counts them …
    expect(space.at('user', { organization: 'acme', user: 7 }).sync.get(7)).toBeUndefined()
    expect(cache.health().memory.entries).toBe(1)
    expect(cache.at('organization', { organization: 'acme' }).stats().entries).toBe(0)
    // … and none of them was touched: the namespace still holds them all.
    expect(space.stats().entries).toBe(100_001)
    expect(await invalidated).toEqual({ applied: true, entries: 100_000 })

    clock.advance(1)
    expect(space.stats().entries).toBe(1)
    await cache.clear()
    clock.advance(1)
    expectEmpty(cache)
  })
})

describe('a process', () => {
  /** How a script ends that leaves a cache with entries, planned sweeps and reclaiming behind. */
  function run(script: string): { stdout: string; status: number | null } {
    const source = `import { createCache } from ${JSON.stringify(bundledCore())}\n${script}`
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
      encoding: 'utf8',
      timeout: 15_000,
    })
    return { stdout, status }
  }

  it('is not kept alive by a cache, whatever it has to do', () => {
    const ended = run(`
      const cache = createCache({ scopes: { organization: 'global' }, memory: { maxEntries: Infinity } })
      for (let at = 0; at < 50_000; at++) cache.at('organization', { organization: at % 100 }).sync.set(at, at, { ttl: '30d' })
      await cache.at('organization', { organization: 1 }).invalidate()
      console.log('end')`)
    expect(ended).toEqual({ stdout: 'end\n', status: 0 })
  })

  it('frees memory on real timers while it lives', () => {
    const ended = run(`
      const cache = createCache({ memory: { maxEntries: Infinity } })
      for (let at = 0; at < 20_000; at++) cache.global.sync.set(at, at, { ttl: 1 })
      const end = Date.now() + 14_000
      while (cache.stats().entries > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50))
      const { entries, bytes, expirations } = cache.stats()
      console.log(entries, bytes, expirations)`)
    expect(ended).toEqual({ stdout: '0 0 20000\n', status: 0 })
  })
})
