import { describe } from 'vitest'
import { coalescingContract } from '../../../test/adapters/contract/coalescing.js'
import { contextContract } from '../../../test/adapters/contract/context.js'
import { invalidatingContract } from '../../../test/adapters/contract/invalidating.js'
import { sharingContract } from '../../../test/adapters/contract/sharing.js'
import { storingContract } from '../../../test/adapters/contract/storing.js'
import { nestAdapter } from './support/nest-adapter.js'

describe(nestAdapter.name, () => {
  sharingContract(nestAdapter)
  storingContract(nestAdapter)
  coalescingContract(nestAdapter)
  invalidatingContract(nestAdapter)
  contextContract(nestAdapter)
})
