import { createCache } from '@cacheado/core'
import { createTestCache, manualClock } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'

describe('a manual clock', () => {
  it('stands still until it is moved, with any duration', () => {
    const clock = manualClock()
    const wall = clock.wall()
    expect(clock.now()).toBe(0)
    clock.advance(250)
    clock.advance('1.5s')
    expect(clock.now()).toBe(1750)
    expect(clock.wall()).toBe(wall + 1750)
  })

  it('begins at the same wall time in each test, or where it is told', () => {
    expect(manualClock().wall()).toBe(Date.UTC(2026, 0, 1))
    expect(manualClock(new Date('2030-05-01')).wall()).toBe(Date.UTC(2030, 4, 1))
    expect(manualClock(5).wall()).toBe(5)
  })

  it('lets the wall clock jump alone', () => {
    const clock = manualClock(1000)
    clock.advance(10)
    clock.setWall(0)
    clock.advance(5)
    expect([clock.now(), clock.wall()]).toEqual([15, 5])
    clock.setWall(new Date(70))
    expect([clock.now(), clock.wall()]).toEqual([15, 70])
  })

  it('runs timers that fall due, in their order and each at its own time', () => {
    const clock = manualClock()
    const ran: string[] = []
    const timer = (name: string, delay: number) => clock.after(delay, () => ran.push(`${name} at ${clock.now()}`))
    timer('c', 30)
    timer('a', 10)
    timer('b', 10)
    timer('now', 0)
    timer('late', 31)
    timer('past', -5)
    expect(clock.pending).toBe(6)
    clock.advance(30)
    expect(ran).toEqual(['now at 0', 'past at 0', 'a at 10', 'b at 10', 'c at 30'])
    expect([clock.now(), clock.pending]).toEqual([30, 1])
  })

  it('runs what timers set within the span, and no more', () => {
    const clock = manualClock()
    let ran = 0
    const again = () => {
      ran++
      clock.after(10, again)
    }
    clock.after(10, again)
    clock.advance(35)
    expect([ran, clock.pending]).toEqual([3, 1])
  })

  it('runs no timer that was cancelled, before or by another', () => {
    const clock = manualClock()
    const ran: string[] = []
    const cancel = clock.after(20, () => ran.push('cancelled'))
    clock.after(10, () => (ran.push('canceller'), cancel()))
    clock.after(5, () => ran.push('never'))()
    clock.advance(100)
    cancel()
    expect(ran).toEqual(['canceller'])
  })

  it('may be moved by a timer', () => {
    const clock = manualClock()
    clock.after(10, () => clock.advance(50))
    clock.advance(20)
    expect(clock.now()).toBe(60)
  })

  it('settles promises between timers where it is told to wait', async () => {
    const clock = manualClock()
    const steps: string[] = []
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve))
    const work = async () => {
      for (const step of ['one', 'two', 'three']) {
        await sleep(10)
        await Promise.resolve()
        steps.push(`${step} at ${clock.now()}`)
      }
    }
    const working = work()
    await clock.advanceAsync('25ms')
    expect(steps).toEqual(['one at 10', 'two at 20'])
    expect(clock.now()).toBe(25)
    await clock.advanceAsync(5)
    await working
    expect(steps).toHaveLength(3)
  })

  it.each([-1, NaN, Infinity, 'soon'])('is not moved by %s', async (by) => {
    const clock = manualClock()
    const config = expect.objectContaining({ code: 'ERR_CACHE_CONFIG' })
    expect(() => clock.advance(by as number)).toThrow(config)
    await expect(clock.advanceAsync(by as number)).rejects.toThrow(config)
    expect(clock.now()).toBe(0)
  })
})

describe('a test cache', () => {
  it('has a clock of its own, and freezes values', async () => {
    const { cache, clock } = createTestCache({ ttl: '1m' })
    await cache.global.set('rates', [1, 2])
    expect(Object.isFrozen(await cache.global.get('rates'))).toBe(true)
    clock.advance('59s')
    expect(await cache.global.has('rates')).toBe(true)
    clock.advance('1s')
    expect(await cache.global.has('rates')).toBe(false)
  })

  it('takes the options of any cache, and a clock that others share', async () => {
    const clock = manualClock()
    const one = createTestCache({ clock, values: 'share', scopes: { organization: 'global' } })
    const other = createTestCache({ clock })
    expect([one.clock, other.clock]).toEqual([clock, clock])
    const value = { a: 1 }
    one.cache.at('organization', { organization: 'a' }).sync.set('k', value, { ttl: 10 })
    expect(one.cache.at('organization', { organization: 'a' }).sync.get('k')).toBe(value)
    expect(Object.isFrozen(value)).toBe(false)
    other.cache.global.sync.set('k', 1, { ttl: 10 })
    clock.advance(10)
    expect([
      one.cache.at('organization', { organization: 'a' }).sync.has('k'),
      other.cache.global.sync.has('k'),
    ]).toEqual([false, false])
  })

  it('does as its example says', async () => {
    const { cache, clock } = createTestCache({
      scopes: { organization: 'global' },
      ttl: '1m',
      staleWhileRevalidate: '1m',
    })
    const acme = cache.at('organization', { organization: 'acme' })
    let loads = 0
    const load = () => ++loads
    expect(await acme.getOrSet('report', load)).toBe(1)
    clock.advance('90s')
    expect(await acme.getOrSet('report', load)).toBe(1)
    await cache.settled()
    expect(await acme.getOrSet('report', load)).toBe(2)
  })

  it('refuses bad options like any other', () => {
    expect(() => createTestCache({ ttl: 0 })).toThrow(expect.objectContaining({ option: 'ttl' }))
    expect(() => createCache({ clock: manualClock(), tll: 1 } as object)).toThrow(
      expect.objectContaining({ option: 'tll' }),
    )
  })
})
