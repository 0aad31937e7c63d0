import type { Engine } from './engine.js'
import type { Space } from './memory/space.js'
import type { ResolvedPolicy } from './policy.js'
import type { StandardSchema } from './standard-schema.js'
import type { ValuesMode } from './values.js'

/** What the handles of one namespace share. */
export interface NamespaceState {
  readonly engine: Engine
  readonly space: Space
  readonly policy: ResolvedPolicy
  readonly values: ValuesMode
  readonly schema: StandardSchema | undefined
}
