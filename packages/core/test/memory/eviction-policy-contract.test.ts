import { createTestCache, evictionPolicyContract } from '@cacheado/core/testing'
import type { Evictable, EvictionPolicy, EvictionQueue } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { evictionPolicy } from '../../src/memory/policies.js'
import { SEED } from '../support/seed.js'

/** A policy of an application's own: who came last goes first. */
class NewestFirst implements EvictionQueue {
  readonly #entries = new Set<Evictable>()
  add(entry: Evictable): void {
    this.#entries.add(entry)
  }
  touch(): void {}
  remove(entry: Evictable): void {
    this.#entries.delete(entry)
  }
  victim(): Evictable | undefined {
    return [...this.#entries].at(-1)
  }
}
const newestFirst: EvictionPolicy = { name: 'newest-first', createQueue: () => new NewestFirst() }

describe.each([...(['second-chance', 'lru', 'lfu', 'fifo'] as const).map(evictionPolicy), newestFirst])(
  'the policy $name',
  (policy) => {
    for (const check of evictionPolicyContract(policy)) it(check.name, check.run)
    for (const check of evictionPolicyContract(policy, SEED).slice(-1)) it(`${check.name} (seed ${SEED})`, check.run)

    it('can be the one of a cache', () => {
      const { cache } = createTestCache({ memory: { policy, maxEntries: 10 } })
      for (let key = 0; key < 100; key++) {
        cache.global.sync.set(key, key)
        cache.global.sync.get(key % 7)
      }
      expect(cache.stats()).toMatchObject({ entries: 10, evictions: 90 })
      expect(cache.health().memory.policy).toBe(policy.name)
    })
  },
)

describe('the contract', () => {
  const broken = (name: string, change: (queue: NewestFirst) => Partial<EvictionQueue>): EvictionPolicy => ({
    name,
    createQueue() {
      const queue = new NewestFirst()
      const own: EvictionQueue = {
        add: (entry) => queue.add(entry),
        touch: () => queue.touch(),
        remove: (entry) => queue.remove(entry),
        victim: () => queue.victim(),
      }
      return Object.assign(own, change(queue))
    },
  })
  const shared = new NewestFirst()
  const stray: Evictable = { before: undefined, after: undefined, rank: 0, key: 'stray', bytes: 1 }

  it.each([
    ['has no name', { ...newestFirst, name: '' }],
    ['shares one queue among budgets', { name: 'shared', createQueue: () => shared }],
    ['never lets go', broken('keeps', () => ({ remove: () => {} }))],
    ['names nobody', broken('silent', () => ({ victim: () => undefined }))],
    ['names a stranger', broken('stranger', () => ({ victim: () => stray }))],
    ['lets go of a victim by itself', broken('eager', (queue) => ({ victim() { const victim = queue.victim(); if (victim) queue.remove(victim); return victim } }))],
    ['loses what is read', broken('forgetful', (queue) => ({ touch: (entry) => queue.remove(entry) }))],
    ['loses what comes after it was empty', broken('once', (queue) => { let emptied = false; return {
      remove(entry) { queue.remove(entry); emptied ||= queue.victim() === undefined },
      add(entry) { if (!emptied) queue.add(entry) },
    } })],
    ['removes the newest whoever leaves', broken('wrong', (queue) => ({ remove() { const victim = queue.victim(); if (victim) queue.remove(victim) } }))],
  ])('is failed by a policy that %s', (_, policy) => {
    const failures = evictionPolicyContract(policy).filter(({ run }) => {
      try {
        run()
        return false
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        return true
      }
    })
    expect(failures).not.toEqual([])
  }) // prettier-ignore

  it('names its seed where random operations fail', () => {
    const random = evictionPolicyContract(
      broken('forgetful', (queue) => ({ touch: (entry) => queue.remove(entry) })),
      77,
    ).at(-1)
    expect(() => random?.run()).toThrow(/seed 77, step \d+/)
  })
})
