import { describe, expect, it } from 'vitest'
import { alice, testCache } from '../support/caches.js'
import { watch } from '../support/hand-loader.js'
import { settle } from '../support/settle.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'

expectNoUnhandledRejection()

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const TABLE = [10, 100, 1000].flatMap((callers) => [1, 10, 100].map((keys) => [callers, keys] as const))

describe('a cold start', () => {
  it.each(TABLE)('with %i callers on %i keys runs the loader once for each key', async (callers, keys) => {
    const { cache } = testCache()
    const runs = new Map<string, number>()
    const load = async (key: string) => {
      runs.set(key, (runs.get(key) ?? 0) + 1)
      await settle()
      return `value of ${key}`
    }
    const values = await Promise.all(
      times(callers, (caller) => {
        const key = `k${caller % keys}`
        return cache.at('user', alice).getOrSet(key, () => load(key))
      }),
    )
    expect(values).toEqual(times(callers, (caller) => `value of k${caller % keys}`))
    expect([...runs.values()]).toEqual(times(Math.min(callers, keys), () => 1))
    expect(cache.stats()).toMatchObject({ loads: Math.min(callers, keys), misses: callers, inFlight: 0 })
  })

  it.each(TABLE)(
    'after an invalidation with %i callers on %i keys in the middle of it is no different',
    async (callers, keys) => {
      const { cache } = testCache()
      const scope = cache.at('user', alice)
      let version = 0
      let runs = 0
      const load = async () => {
        const read = version
        runs++
        await settle()
        return read
      }
      const ask = () => times(callers, (caller) => scope.getOrSet(`k${caller % keys}`, load))
      const before = ask()
      version++
      await scope.invalidate()
      const after = ask()
      expect(new Set(await Promise.all(after))).toEqual(new Set([1]))
      await Promise.all(before)
      expect(runs).toBe(2 * Math.min(callers, keys))
      expect(await scope.get('k0')).toBe(1)
    },
  )
})

/** How a database fails: at once, by a rejection, late, or never answering at all. */
const FAILURES: [string, () => Promise<never> | never][] = [
  [
    'throws at once',
    () => {
      throw new Error('down')
    },
  ],
  ['rejects', () => Promise.reject(new Error('down'))],
  ['rejects later', () => settle().then(() => Promise.reject(new Error('down')))],
  ['never answers', () => new Promise<never>(() => {})],
]

describe.each(FAILURES)('a storm of 500 callers while the database %s', (name, fail) => {
  const options = { ttl: 100, loadTimeout: 1000 }

  async function storm(staleIfError: number) {
    const made = testCache({ ...options, staleIfError })
    const { cache, clock } = made
    await cache.global.set('k', 'old')
    await cache.global.set('bystander', 'kept', { ttl: '1h' })
    clock.advance(100)
    let running = 0
    let most = 0
    let runs = 0
    const load = async () => {
      runs++
      most = Math.max(most, ++running)
      try {
        return await fail()
      } finally {
        running--
      }
    }
    const asked = times(500, () => watch(cache.global.getOrSet<string>('k', load)))
    await made.pass(1000)
    expect(asked.every(({ state }) => state !== 'pending')).toBe(true)
    expect(most).toBe(1)
    expect(await cache.global.get('bystander')).toBe('kept')
    return { ...made, asked, runs: () => runs }
  }

  it('gives each its error, from one load at a time, and deletes nothing', async () => {
    const { cache, asked, runs } = await storm(0)
    expect(asked.filter(({ state }) => state === 'rejected')).toHaveLength(500)
    const code = name === 'never answers' ? { code: 'ERR_CACHE_TIMEOUT' } : { message: 'down' }
    for (const { error } of asked) expect(error).toMatchObject(code)
    expect(runs()).toBe(1)
    expect(await cache.global.getOrSet('k', () => 'new')).toBe('new')
  })

  it('serves all of them the old value where staleIfError allows it, and goes on doing so', async () => {
    const { cache, asked, runs } = await storm(60_000)
    expect(new Set(asked.map(({ value }) => value))).toEqual(new Set(['old']))
    const attempts = runs()
    expect(await Promise.all(times(500, () => cache.global.getOrSet('k', fail)))).toEqual(times(500, () => 'old'))
    expect(runs()).toBe(attempts)
    expect(await cache.global.lookup('k')).toMatchObject({ hit: true, stale: true, value: 'old' })
  })
})
