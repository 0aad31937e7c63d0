/**
 * `lru-cache` is prepared last: its `get` adds a field to a new object, and where other code gets compiled after it that falls
 * back to the runtime and is three times slower. What cacheado is compared with is its fast form.
 */
const SYNCHRONOUS = ['Map', 'cacheado sync', 'lru-cache']
const ASYNCHRONOUS = ['cacheado', 'bentocache', 'cacheable', 'cache-manager', 'lru-cache']

/**
 * What is measured. `finds` says how many operations must give something: a row that measures something else than it says
 * fails. `lru-cache` stands in asynchronous rows, awaited, as what the others are compared with.
 */
export const ROWS = [
  { name: 'hit', operation: 'hit', finds: 'all', contenders: SYNCHRONOUS },
  { name: 'hit, a handle per operation', operation: 'tenantHit', finds: 'all', contenders: SYNCHRONOUS },
  { name: 'miss', operation: 'miss', finds: 'none', contenders: SYNCHRONOUS },
  { name: 'set existing', operation: 'set', finds: 'any', contenders: SYNCHRONOUS },
  { name: 'set new, one leaves', operation: 'setNew', finds: 'any', contenders: ['cacheado sync', 'lru-cache'] },
  { name: 'getOrSet hit', operation: 'getOrSet', finds: 'all', contenders: SYNCHRONOUS },
  { name: 'await hit', operation: 'hit', finds: 'all', contenders: ASYNCHRONOUS },
  { name: 'await hit, a handle per operation', operation: 'tenantHit', finds: 'all', contenders: ASYNCHRONOUS },
  { name: 'await miss', operation: 'miss', finds: 'none', contenders: ASYNCHRONOUS },
  { name: 'await set existing', operation: 'set', finds: 'any', contenders: ASYNCHRONOUS },
  {
    name: 'await set new, one leaves',
    operation: 'setNew',
    finds: 'any',
    contenders: ['cacheado', 'bentocache', 'cacheable', 'cache-manager bounded', 'lru-cache'],
  },
  { name: 'await getOrSet hit', operation: 'getOrSetAsync', finds: 'all', contenders: ASYNCHRONOUS },
  { name: 'invalidate one tenant of a hundred', operation: 'invalidateTenant', contenders: ASYNCHRONOUS },
]
