import type { Answer } from './api.js'
import type { Stage } from './stage.js'
import { count, dim, green, heading, time, table, yellow } from 'example-saas/demo'
import { truth } from './truth.js'

/** What the database did for an answer, in words. */
export const databaseWork = ({ queries }: Answer): string => {
  const spent = time(queries.reduce((sum, query) => sum + query.milliseconds, 0))
  return queries.length === 0 ? 'nothing' : `${count(queries.length, 'query', 'queries')}, ${spent}`
}

const paintOutcome = (cell: string) =>
  cell.startsWith('hit') ? green(cell) : cell.startsWith('–') ? cell : yellow(cell)

/** The table of single requests that two scenes print. */
export const requestTable = () => {
  const row = table([
    { title: 'who', width: 13 },
    { title: 'route', width: 21 },
    { title: 'database', width: 18 },
    { title: 'cache', width: 6, paint: paintOutcome },
    { title: 'time', width: 8, align: 'right' },
    { title: '', width: 0, paint: dim },
  ])
  return (who: string, route: string, answer: Answer, remark: string) =>
    row([
      who,
      route,
      databaseWork(answer),
      answer.outcome === 'none' ? '–' : answer.outcome,
      time(answer.milliseconds),
      remark,
    ])
}

export async function firstRequests({ api, actors, checklist }: Stage): Promise<void> {
  heading(
    '1. Who shares what',
    "Each line is one HTTP request. `cache` is the answer's Cache-Status header, `database` is PostgreSQL's own log.",
  )
  const { anaOfAurora, benOfAurora, anaOfBorealis, benOfBorealis } = actors
  const script = [
    [anaOfAurora, '/plans', 'miss', 'the first caller loads it …'],
    [anaOfBorealis, '/plans', 'hit', '… for everybody: scope global'],
    [anaOfAurora, '/me', 'miss', ''],
    [anaOfAurora, '/me', 'hit', 'her own: scope user'],
    [benOfAurora, '/me', 'miss', 'a colleague has his own'],
    [anaOfBorealis, '/me', 'miss', 'the same user id in another organization'],
    [anaOfAurora, '/reports/monthly', 'miss', ''],
    [benOfAurora, '/reports/monthly', 'hit', 'colleagues share: scope organization'],
    [anaOfBorealis, '/reports/monthly', 'miss', 'another organization does not'],
    [benOfBorealis, '/reports/monthly', 'hit', ''],
    [anaOfAurora, '/customers/top', 'none', 'a cached function inside an uncached route'],
    [benOfAurora, '/customers/top', 'none', 'the function is not run again'],
  ] as const

  const row = requestTable()
  const asked = new Set<string>()
  let asExpected = 0
  let correct = 0
  for (const [actor, path, outcome, remark] of script) {
    const answer = await actor.get(path)
    row(actor.name, `GET ${path}`, answer, remark)
    const again = outcome === 'none' ? asked.has(path) : outcome === 'hit'
    asked.add(path)
    if (answer.outcome === outcome && (answer.queries.length === 0) === again) asExpected++
    if (answer.text === (await truth(api.billing, actor, path))) correct++
  }
  checklist.check(
    `${asExpected} of ${script.length} requests hit, missed and queried as they should`,
    asExpected === script.length,
  )
  checklist.check(
    `${correct} of ${script.length} bodies equal what the database says without a cache`,
    correct === script.length,
  )
}
