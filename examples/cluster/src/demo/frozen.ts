import type { RedisServer } from '../redis-server.js'
import { until } from '../until.js'
import type { Answer } from './api.js'
import type { Stage } from './stage.js'
import { printRequest, REPORT, truth } from './stage.js'
import { dim, heading, print, time } from 'example-saas/demo'

/** How long a read may wait for Redis: the default of `readTimeout`. */
const DEADLINE = 100
/** Failures in a row after which a process leaves Redis alone: the default of `breakerFailures`. */
const FAILURES = 5
/** What the machine may add to that: this demo shares it with a database, two processes and Redis. */
const MARGIN = 150
const REQUESTS = 300

/** Redis stands still: connections stay open, nothing is answered. That is what a long pause, a full disk or a lost route look like. */
export async function frozen(stage: Stage, redis: RedisServer): Promise<void> {
  heading(
    '3. Redis freezes',
    'SIGSTOP: connections stay open, nothing is answered. Requests go on, to both processes, hot and cold mixed.',
  )
  const { ana, a, b, checklist } = stage
  for (const api of [a, b]) await ana.aurora.get(api, REPORT)
  redis.freeze()
  try {
    await requestsGoOn(stage)
    await invalidationWaits(stage)
  } finally {
    redis.unfreeze()
  }
  await recovery(stage, performance.now())
  checklist.check(
    'and no process had to be restarted',
    [stage.cluster.a, stage.cluster.b].every(({ process }) => process.exitCode === null && process.signalCode === null),
  )
}

async function requestsGoOn({ a, b, ana, checklist }: Stage): Promise<void> {
  const hot: Answer[] = []
  const cold: Answer[] = []
  for (let turn = 0; turn < REQUESTS; turn++) {
    const api = turn % 2 === 0 ? a : b
    // A page that nobody has: without Redis it is loaded. The rest is in memory.
    const isCold = turn % 10 < 2
    const path = isCold ? `${REPORT}?year=2024&page=${turn}` : REPORT
    ;(isCold ? cold : hot).push(await ana.aurora.get(api, path))
  }
  printTimes('hot, in memory', hot)
  printTimes('cold, loaded', cold)
  const slow = cold.filter((answer) => waited(answer) > 0.8 * DEADLINE).length
  const typical = median(cold.map(waited))
  const slowest = Math.max(...[...hot, ...cold].map(waited))
  checklist.check(
    `all ${REQUESTS} were answered`,
    [...hot, ...cold].every(({ status }) => status === 200),
  )
  checklist.check(
    `nobody waited beyond the deadline of ${DEADLINE} ms: at the most ${time(slowest)} besides the database's time (${MARGIN} ms are allowed for this machine)`,
    slowest <= DEADLINE + MARGIN,
  )
  checklist.check(
    `${slow} of ${cold.length} cold requests waited for Redis, some ${FAILURES} in each process; then a typical one waits ${time(typical)}: the breaker is open`,
    typical < DEADLINE / 4,
  )
  checklist.check(
    `what is in memory is still served: ${hot.filter(({ outcome }) => outcome === 'hit').length} of ${hot.length} hit`,
    hot.every(({ outcome }) => outcome === 'hit'),
  )
}

/** What was not spent in the database. */
const waited = ({ milliseconds, inDatabase }: Answer) => milliseconds - inDatabase

const median = (times: readonly number[]) => times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0

function printTimes(what: string, answers: readonly Answer[]): void {
  const times = answers.map(({ milliseconds }) => milliseconds)
  const inDatabase = answers.reduce((sum, answer) => sum + answer.inDatabase, 0) / answers.length
  const part = inDatabase === 0 ? '' : dim(`  (${time(inDatabase)} in the database on average)`)
  print(
    `  ${what.padEnd(15)} ${String(answers.length).padStart(4)} requests, typical ${time(median(times))}, slowest ${time(Math.max(...times))}${part}`,
  )
}

async function invalidationWaits(stage: Stage): Promise<void> {
  const { a, b, ana, checklist } = stage
  print()
  const written = await ana.aurora.addInvoice(a)
  printRequest(ana.aurora, a, 'POST /invoices', written, `applied: ${written.applied}`)
  const own = await ana.aurora.get(a, REPORT)
  printRequest(ana.aurora, a, `GET ${REPORT}`, own, 'A knows, Redis or not')
  const other = await ana.aurora.get(b, REPORT)
  printRequest(ana.aurora, b, `GET ${REPORT}`, other, 'B cannot know yet: it serves what is fresh in its memory')
  const { remote } = await a.health()
  checklist.check(
    `an invalidation says "applied: false" after ${time(waited(written))}, and waits in A (${remote.queued} queued)`,
    written.applied === 'false' && remote.queued > 0 && waited(written) <= 250 + MARGIN,
  )
  checklist.check('A serves nothing that was invalidated', own.text === (await truth(stage, 'aurora')))
}

async function recovery(stage: Stage, continuedAt: number): Promise<void> {
  const { a, b, ana, checklist } = stage
  print(dim('\n  SIGCONT\n'))
  const expected = await truth(stage, 'aurora')
  await until('the invalidation is applied', async () => (await a.health()).remote.queued === 0)
  const applied = performance.now() - continuedAt
  await until('B knows', async () => (await ana.aurora.get(b, REPORT)).text === expected)
  const coherent = performance.now() - continuedAt
  await until('both are up', async () => (await Promise.all([a.health(), b.health()])).every(isUp))
  let turn = 0
  await until('what A loads is a hit in B', async () => {
    const path = `${REPORT}?year=2024&again=${turn++}`
    await ana.aurora.get(a, path)
    return (await ana.aurora.get(b, path)).outcome === 'hit'
  })
  const shared = performance.now() - continuedAt
  print(
    `  applied after ${time(applied)}, B serves the new report after ${time(coherent)}, they share again after ${time(shared)}`,
  )
  checklist.check(
    'the invalidation is applied, B knows, and they share again within 5 s',
    Math.max(applied, coherent, shared) < 5000,
  )
}

/** Reads go through again, and messages come. */
const isUp = ({ remote }: { readonly remote: { readonly status: string; readonly bus: string } }) =>
  remote.status === 'ok' && remote.bus === 'up'
