import type { Cluster } from '../cluster.js'
import type { Actor, Answer, Api } from './api.js'
import { type Checklist, dim, green, print, time, yellow } from 'example-saas/demo'

/** What every scene of the demo works with. */
export interface Stage {
  readonly cluster: Cluster
  /** The two processes. */
  readonly a: Api
  readonly b: Api
  readonly checklist: Checklist
  readonly ana: Record<'aurora' | 'borealis' | 'cascade' | 'fjord', Actor>
}

export const REPORT = '/reports/monthly'

/** What the report of an organization is, asked from the database with no cache in between. */
export async function truth({ cluster }: Stage, organization: string): Promise<string> {
  return JSON.stringify(await cluster.billing.monthlyReport(organization, 2025))
}

/** How many entries Redis has of an organization and its people: what belongs to it but stamps, which say what is valid. */
export async function entriesOf({ cluster }: Stage, organization: string): Promise<number> {
  const keys = await cluster.keys(`{organization=${organization}}`)
  return keys.filter((key) => !key.includes('|#')).length
}

/** A line for one request. */
export function printRequest(actor: Actor, api: Api, what: string, answer: Answer, remark: string): void {
  const { outcome, queries, milliseconds } = answer
  const cell = outcome === 'none' ? '–' : outcome
  const painted = (outcome === 'hit' ? green : yellow)(cell.padEnd(6))
  const database = queries === 0 ? 'no query' : queries === 1 ? '1 query' : `${queries} queries`
  const columns = [actor.name.padEnd(12), `process ${api.name}`, what.padEnd(21), painted, database.padEnd(9)]
  print(`  ${columns.join('  ')}  ${time(milliseconds).padStart(7)}  ${dim(remark)}`)
}
