import { createTestCache } from '@cacheado/core/testing'
import type { EvictionPolicyName } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import type { Evictable } from '../../src/memory/eviction-policy.js'
import { evictionPolicy } from '../../src/memory/policies.js'

/** Whom a queue names after these steps: `+a` comes, `a` is read, `-a` leaves. */
function order(name: EvictionPolicyName, steps: string): string {
  const queue = evictionPolicy(name).createQueue()
  const entries = new Map<string, Evictable>()
  for (const step of steps.split(' ')) {
    const key = step.replace(/[+-]/, '')
    const entry = entries.get(key) ?? { before: undefined, after: undefined, rank: 0, key, bytes: 1 }
    if (step.startsWith('+')) {
      entries.set(key, entry)
      queue.add(entry)
    } else if (step.startsWith('-')) queue.remove(entry)
    else queue.touch(entry)
  }
  let named = ''
  for (let victim = queue.victim(); victim !== undefined; victim = queue.victim()) {
    named += victim.key
    queue.remove(victim)
  }
  return named
}

describe('FIFO', () => {
  it.each([
    ['+a +b +c', 'abc'],
    ['+a +b +c a a b', 'abc'],
    ['+a +b +c -a +a', 'bca'],
    ['+a +b +c -b', 'ac'],
  ])('after %s names %s', (steps, named) => expect(order('fifo', steps)).toBe(named))
})

describe('LRU', () => {
  it.each([
    ['+a +b +c', 'abc'],
    ['+a +b +c a', 'bca'],
    ['+a +b +c c', 'abc'],
    ['+a +b +c a c b', 'acb'],
    ['+a +b +c a b -c +d a', 'bda'],
    ['+a a a', 'a'],
  ])('after %s names %s', (steps, named) => expect(order('lru', steps)).toBe(named))
})

describe('LFU', () => {
  it.each([
    ['+a +b +c', 'abc'],
    ['+a +b +c a a b', 'cba'],
    ['+a +b +c c b a', 'cba'],
    ['+a a a +b b +c c c c', 'bac'],
    ['+a a +b +c -b -c +d', 'da'],
    // the fewest uses leave a gap: 1 and 3 are left
    ['+a +b b +c c c c -a', 'bc'],
    ['+a a +b b b -a +c', 'cb'],
  ])('after %s names %s', (steps, named) => expect(order('lfu', steps)).toBe(named))
})

describe('second chance', () => {
  it.each([
    ['+a +b +c', 'abc'],
    ['+a +b +c a', 'bca'],
    ['+a +b +c a a a', 'bca'],
    ['+a +b +c a b', 'cab'],
    ['+a +b +c a b c', 'abc'],
    ['+a +b a -b +c', 'ca'],
  ])('after %s names %s', (steps, named) => expect(order('second-chance', steps)).toBe(named))
})

describe('in a cache', () => {
  /** Which of the keys are still there. */
  function survivors(
    policy: EvictionPolicyName,
    act: (get: (keys: string) => void, set: (keys: string) => void) => void,
  ): string {
    const { cache } = createTestCache({ memory: { maxEntries: 3, policy } })
    const { sync } = cache.global
    act(
      (keys) => [...keys].forEach((key) => sync.get(key)),
      (keys) => [...keys].forEach((key) => sync.set(key, key)),
    )
    return [...'abcdefgh'].filter((key) => sync.has(key)).join('')
  }

  it.each([
    ['fifo', 'cde'],
    ['lru', 'ade'],
    ['lfu', 'abe'],
    ['second-chance', 'ade'],
  ] as const)('%s keeps %s of five', (policy, left) => {
    const kept = survivors(policy, (get, set) => {
      set('abc')
      get('aab')
      set('d')
      get('a')
      set('e')
    })
    expect(kept).toBe(left)
  })

  it.each(['lfu', 'second-chance', 'lru', 'fifo'] as const)(
    '%s lets a newcomer in where everything else was used',
    (policy) => {
      const kept = survivors(policy, (get, set) => {
        set('abc')
        get('abcabc')
        set('d')
      })
      expect(kept).toContain('d')
      expect(kept).toHaveLength(3)
    },
  )

  it.each(['lfu', 'second-chance', 'lru'] as const)('%s takes the writing of a value for a use', (policy) => {
    const kept = survivors(policy, (_, set) => {
      set('abc')
      set('a')
      set('d')
    })
    expect(kept).toBe('acd')
  })

  it('asking whether a key is there is no use', () => {
    const { cache } = createTestCache({ memory: { maxEntries: 2, policy: 'lru' } })
    cache.global.sync.set('a', 1)
    cache.global.sync.set('b', 1)
    cache.global.sync.has('a')
    cache.global.sync.set('c', 1)
    expect(cache.global.sync.has('a')).toBe(false)
  })

  it('names its policy in its health', () => {
    expect(createTestCache().cache.health().memory).toMatchObject({ policy: 'second-chance' })
    expect(createTestCache({ memory: { policy: 'lfu' } }).cache.health().memory).toMatchObject({ policy: 'lfu' })
  })
})
