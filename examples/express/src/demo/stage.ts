import type { Tokens } from 'example-saas'
import type { Actor, Api } from './api.js'
import type { Checklist } from 'example-saas/demo'

/** What every scene of the demo works with. */
export interface Stage {
  api: Api
  tokens: Tokens
  checklist: Checklist
  actors: Record<'anaOfAurora' | 'benOfAurora' | 'anaOfBorealis' | 'benOfBorealis', Actor>
  /** All 40 people of the 8 organizations. */
  everybody: Actor[]
}
