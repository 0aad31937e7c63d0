import { storeContract, memoryEngine, memoryStore } from '@cacheado/core/testing'
import { describe, test } from 'vitest'

describe('the store in memory', () => {
  const engine = memoryEngine()
  for (const check of storeContract(() => memoryStore(engine))) test(check.name, check.run)
})
