import { createCache } from '@cacheado/core'
import { manualClock } from '@cacheado/core/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CoarseClock, systemClock } from '../src/clock.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("the platform's clock", () => {
  it('tells monotonic and wall time, which are two', () => {
    vi.setSystemTime(1_000_000)
    const before = systemClock.now()
    expect(systemClock.wall()).toBe(1_000_000)
    vi.setSystemTime(0)
    expect(systemClock.now()).toBe(before)
    vi.advanceTimersByTime(7)
    expect(systemClock.now()).toBe(before + 7)
  })

  it('calls once after a delay, unless that is cancelled', () => {
    const called = vi.fn()
    systemClock.after(10, called)
    systemClock.after(10, called)()
    vi.advanceTimersByTime(100)
    expect(called).toHaveBeenCalledOnce()
  })

  it('calls late rather than at once where the delay is longer than a timer can be', () => {
    const called = vi.fn()
    systemClock.after(2 ** 40, called)
    vi.advanceTimersByTime(2 ** 31 - 2)
    expect(called).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(called).toHaveBeenCalledOnce()
  })

  it('does without a timer where the platform allows none, as a Worker outside of a request', () => {
    vi.stubGlobal('setTimeout', () => {
      throw new Error('Disallowed operation called within global scope.')
    })
    expect(() => systemClock.after(0, () => {})()).not.toThrow()
    const cache = createCache()
    cache.global.sync.set('k', 1)
    expect(cache.global.sync.get('k')).toBe(1)
  })
})

describe('the coarse clock', () => {
  it('reads the platform once for a millisecond', () => {
    const time = new CoarseClock(systemClock)
    const read = vi.spyOn(performance, 'now')
    for (let count = 0; count < 100; count++) time.now()
    expect(read).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(1)
    expect(time.now()).toBe(1)
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('reads it again after 128 reads, for a loop that leaves timers no turn', () => {
    const time = new CoarseClock(systemClock)
    time.now()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 50)
    for (let count = 0; count < 128; count++) expect(time.now()).toBe(0)
    expect(time.now()).toBe(50)
  })

  it('is exact where it is asked to be', () => {
    const time = new CoarseClock(systemClock)
    time.now()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 50)
    expect(time.exact()).toBe(50)
    expect(time.now()).toBe(50)
  })

  it('counts whole milliseconds from its creation', () => {
    const clock = manualClock()
    clock.advance(1234)
    const time = new CoarseClock(clock)
    expect(time.now()).toBe(0)
    clock.advance(1.9)
    expect(time.now()).toBe(1)
  })

  it('reads a clock that was injected each time, so that moving it takes effect at once', () => {
    const clock = manualClock()
    const time = new CoarseClock(clock)
    time.now()
    clock.advance(1)
    expect(time.now()).toBe(1)
    expect(clock.pending).toBe(0)
  })
})

describe('on other platforms', () => {
  async function fresh() {
    vi.resetModules()
    return import('../src/clock.js')
  }

  it("Deno's timers, which are numbers, do not keep the process alive", async () => {
    const unrefTimer = vi.fn()
    vi.stubGlobal('Deno', { unrefTimer })
    vi.stubGlobal('setTimeout', () => 42)
    const { systemClock } = await fresh()
    systemClock.after(1, () => {})
    expect(unrefTimer).toHaveBeenCalledExactlyOnceWith(42)
  })

  it.each([
    ['a Worker, whose timers end with its request', { navigator: { userAgent: 'Cloudflare-Workers' } }],
    ['a browser', { process: undefined }],
  ])('time is read each time: %s', async (_, globals) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value)
    const { CoarseClock, systemClock } = await fresh()
    const time = new CoarseClock(systemClock)
    time.now()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3)
    expect(time.now()).toBe(3)
    expect(vi.getTimerCount()).toBe(0)
  })
})
