import { configError } from '../cache-error.js'
import type { EvictionPolicy } from './eviction-policy.js'
import { fifo } from './fifo.js'
import { lfu } from './lfu.js'
import { lru } from './lru.js'
import { secondChance } from './second-chance.js'

/** The policies that a name stands for. */
export type EvictionPolicyName = 'second-chance' | 'lru' | 'lfu' | 'fifo'

const NAMED: ReadonlyMap<string, EvictionPolicy> = new Map(
  [secondChance, lru, lfu, fifo].map((policy) => [policy.name, policy]),
)

/** The policy behind `memory.policy`; second chance where none is named. */
export function evictionPolicy(policy: EvictionPolicyName | EvictionPolicy | undefined): EvictionPolicy {
  if (policy === undefined) return secondChance
  const found = typeof policy === 'string' ? NAMED.get(policy) : policy
  if (typeof found?.createQueue !== 'function') {
    throw configError('memory.policy', `${[...NAMED.keys()].join(', ')} or an EvictionPolicy`)
  }
  return found
}
