import { describe } from 'vitest'
import { coalescingContract } from './adapters/contract/coalescing.js'
import { contextContract } from './adapters/contract/context.js'
import { invalidatingContract } from './adapters/contract/invalidating.js'
import { sharingContract } from './adapters/contract/sharing.js'
import { storingContract } from './adapters/contract/storing.js'
import { expressAdapters } from './adapters/express-adapter.js'
import { honoAdapter } from './adapters/hono-adapter.js'
import { nestAdapter } from './adapters/nest-adapter.js'

// One table of behaviour for every framework: real servers on real sockets.
describe.each([...expressAdapters, honoAdapter, nestAdapter])('$name', (adapter) => {
  sharingContract(adapter)
  storingContract(adapter)
  coalescingContract(adapter)
  invalidatingContract(adapter)
  contextContract(adapter)
})
