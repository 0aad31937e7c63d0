import type { Stage } from './stage.js'
import { count, heading, time } from 'example-saas/demo'
import { truth } from './truth.js'

const path = '/reports/monthly?year=2024&cold'
const callers = 200

/** Many callers want one answer that nobody has yet: the database is asked once. */
export async function stampede({ api, everybody, checklist }: Stage): Promise<void> {
  heading(
    '3. Stampede',
    `${callers} people of one organization ask for the same expensive report at the same moment; nobody has it yet.`,
  )
  const colleagues = everybody.filter(({ organization }) => organization === 'fjord')
  const { log } = api.billing.postgres
  const queriesBefore = log.length
  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: callers }, (_, index) => colleagues[index % colleagues.length]!.get(path)),
  )
  const elapsed = performance.now() - startedAt
  const queries = log.slice(queriesBefore)

  const outcomes = { miss: 0, joined: 0, hit: 0, none: 0 }
  for (const { outcome } of answers) outcomes[outcome]++
  const inDatabase = queries[0]?.milliseconds ?? 0
  const alone = time(inDatabase * callers)
  checklist.check(
    `${count(queries.length, 'query', 'queries')} of ${time(inDatabase)} for ${callers} requests (each for itself: ${alone} of database time)`,
    queries.length === 1,
  )
  checklist.check(
    `${outcomes.miss} loaded it, ${outcomes.joined} joined the load, ${outcomes.hit} came later and hit; all answered within ${time(elapsed)}`,
    outcomes.miss === 1 && outcomes.joined + outcomes.hit === callers - 1,
  )
  const expected = await truth(api.billing, colleagues[0]!, path)
  checklist.check(
    'all of them got the right report',
    answers.every(({ status, text }) => status === 200 && text === expected),
  )
}
