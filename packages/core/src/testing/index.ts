/**
 * What tests of an application, and of an eviction policy, need; for any test runner.
 *
 * @example
 * ```ts
 * import { createTestCache } from '@cacheado/core/testing'
 *
 * const { cache, clock } = createTestCache({ ttl: '1m' })
 * await cache.global.set('rates', [1, 2])
 * clock.advance('1m')
 * await cache.global.has('rates') // false
 * ```
 *
 * @module
 */
export { manualClock, type ManualClock } from './manual-clock.js'
export { createTestCache, type TestCache, type TestCacheOptions } from './create-test-cache.js'
export { cacheStatus, type AnyResponse, type CacheStatusOfResponse } from './cache-status.js'
export { evictionPolicyContract, type ContractCheck } from './eviction-policy-contract.js'
export { storeContract, type StoreContractCheck, type StoreContractOptions } from './store-contract.js'
export { memoryEngine, type MemoryEngine, type MemoryEngineOptions } from './memory-engine.js'
export { memoryStore } from './memory-store.js'
export { faultyStore, type FaultyStore } from './faulty-store.js'
export {
  randomFaults,
  type DecideFault,
  type FaultPlan,
  type RandomFaultOptions,
  type RandomFaults,
  type StoreCall,
  type StoreFault,
  type StoreOperation,
} from './faulty-store-plan.js'
