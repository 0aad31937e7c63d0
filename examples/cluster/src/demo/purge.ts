import { Actor } from './api.js'
import type { Stage } from './stage.js'
import { entriesOf, printRequest, REPORT } from './stage.js'
import { heading } from 'example-saas/demo'
import { until } from '../until.js'

/** A tenant leaves and asks for proof. */
export async function purge(stage: Stage): Promise<void> {
  heading(
    '5. A tenant leaves',
    'purge() invalidates, then removes every key of the tenant and its people from Redis, in slices, and counts.',
  )
  const { a, b, ana, cluster, checklist } = stage
  for (const organization of ['aurora', 'borealis'] as const) {
    let page = 0
    await until('they have twenty pages in Redis', async () => {
      await ana[organization].get(page % 2 === 0 ? a : b, `${REPORT}?page=${page++}`)
      return (await entriesOf(stage, organization)) >= 20
    })
    await Promise.all([a, b].map((api) => ana[organization].get(api, `${REPORT}?page=0`)))
  }
  const others = await entriesOf(stage, 'borealis')
  const operator = await Actor.named('ops@us', cluster.tokens, 'operator')
  const answer = await operator.delete(a, '/organizations/aurora/cache')
  printRequest(operator, a, 'DELETE …/aurora/cache', answer, answer.text)
  const { removed, examined } = JSON.parse(answer.text) as { removed: number; examined: number }
  const left = await cluster.keys('{organization=aurora}')
  checklist.check(
    `${removed} keys removed of ${examined} looked at, ${left.length} left`,
    removed >= 20 && left.length === 0,
  )
  checklist.check(
    `the ${others} entries of another tenant are where they were`,
    (await entriesOf(stage, 'borealis')) === others,
  )
  const after = await ana.aurora.get(b, `${REPORT}?page=0`)
  printRequest(ana.aurora, b, `GET ${REPORT}?page=0`, after, "B's memory has nothing of it either")
  checklist.check('and no process serves anything of it', after.outcome === 'miss')
}
