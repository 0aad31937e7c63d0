import { organizations } from 'example-saas'
import type { Stage } from './stage.js'
import { heading, table } from 'example-saas/demo'

/** The part of `stats()` that the demo prints. */
interface Statistics {
  hits: number
  misses: number
  loads: number
  entries: number
  bytes: number
}

/** Each organization's own figures, from the route that gives a tenant its own and no other. */
export async function statistics({ api, everybody, checklist }: Stage): Promise<void> {
  heading(
    '5. Statistics per tenant',
    'GET /stats, asked by a person of each organization; plans are global and count for nobody.',
  )
  const row = table([
    { title: 'organization', width: 16 },
    { title: 'hits', width: 6, align: 'right' },
    { title: 'misses', width: 7, align: 'right' },
    { title: 'hit rate', width: 8, align: 'right' },
    { title: 'loads', width: 6, align: 'right' },
    { title: 'entries', width: 8, align: 'right' },
    { title: 'memory', width: 9, align: 'right' },
  ])
  let exact = 0
  for (const { id, name } of organizations) {
    const colleague = everybody.find(({ organization }) => organization === id)!
    const stats = JSON.parse((await colleague.get('/stats')).text) as Statistics
    const { hits, misses, loads, entries, bytes } = stats
    const rate = `${((hits / (hits + misses)) * 100).toFixed(1)} %`
    row([name, String(hits), String(misses), rate, String(loads), String(entries), `${(bytes / 1024).toFixed(1)} kB`])
    if (hits > 0 && hits === api.hitsOf(id)) exact++
  }
  checklist.check(
    `the hits of ${exact} of ${organizations.length} organizations are exactly those that their people saw`,
    exact === organizations.length,
  )
}
