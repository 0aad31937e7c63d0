import type { Stage } from './stage.js'
import { heading, time } from 'example-saas/demo'

const PATH = '/customers/top'
const CALLERS = 200

/** Both processes are cold and everybody comes at once: one load, not one for each process. */
export async function stampede({ cluster, a, b, ana, checklist }: Stage): Promise<void> {
  heading(
    '2. A cold stampede over both processes',
    `${CALLERS} requests for one list that nobody has yet, half of them to each process. The function says lease: '5s'.`,
  )
  const { log } = cluster.billing.postgres
  const logged = log.length
  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: CALLERS }, (_, turn) => ana.fjord.get(turn % 2 === 0 ? a : b, PATH)),
  )
  const elapsed = performance.now() - startedAt
  const queries = log.length - logged
  const expected = JSON.stringify(await cluster.billing.topCustomers('fjord', 5))
  checklist.check(`${queries} query for ${CALLERS} requests to two processes`, queries === 1)
  checklist.check(
    `all of them got the right list, within ${time(elapsed)}`,
    answers.every(({ status, text }) => status === 200 && text === expected),
  )
}
