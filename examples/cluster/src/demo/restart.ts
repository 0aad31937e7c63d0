import type { RedisServer } from '../redis-server.js'
import { until } from '../until.js'
import type { Stage } from './stage.js'
import { printRequest, REPORT, truth } from './stage.js'
import { dim, heading, print, time } from 'example-saas/demo'

/** Redis dies and comes back with nothing: everything is loaded once more, and nothing old comes back. */
export async function restart(stage: Stage, redis: RedisServer): Promise<void> {
  heading('4. Redis is killed, and comes back empty', 'SIGKILL, then a new redis-server on the same port.')
  const { a, b, ana, checklist } = stage
  await redis.kill()
  const without = await ana.cascade.get(a, REPORT)
  printRequest(ana.cascade, a, `GET ${REPORT}`, without, 'Redis is gone: loaded')
  checklist.check(
    'a request without Redis is answered, and right',
    without.status === 200 && without.text === (await truth(stage, 'cascade')),
  )
  const restartedAt = performance.now()
  await redis.restart()
  print(dim(`\n  an empty Redis after ${time(performance.now() - restartedAt)}\n`))
  const answers: string[] = []
  let turn = 0
  await until('what A loads is a hit in B', async () => {
    const path = `${REPORT}?year=2025&cold=${turn++}`
    const loaded = await ana.cascade.get(a, path)
    const shared = await ana.cascade.get(b, path)
    answers.push(loaded.text, shared.text)
    return shared.outcome === 'hit'
  })
  const shared = performance.now() - restartedAt
  const expected = await truth(stage, 'cascade')
  checklist.check(
    `the two share again ${time(shared)} after it was started, without a restart of their own (promised: 5 s)`,
    shared < 5000,
  )
  checklist.check(
    `all ${answers.length} answers meanwhile were right`,
    answers.every((text) => text === expected),
  )
}
