import { ask, message, startScript } from '../processes.js'
import { median } from '../report/figures.js'

const PROCESS = new URL('memory-process.js', import.meta.url)

/** What is in memory, asked for in three ways. `finds` and the rest are what `core/throughput-case.js` wants to know. */
export const MEMORY_ROWS = [
  { name: 'await scope.get', operation: 'get', finds: 'all' },
  { name: 'await scope.getOrSet', operation: 'getOrSet', finds: 'all' },
  { name: 'scope.sync.get', operation: 'syncGet', finds: 'all' },
]

/**
 * Hits of the memory tier with a store behind it and without one, in turns. Each row has several processes, and each of the two
 * counts with the one in which it was fastest: see `core/main.js`.
 */
export async function benchMemoryHits(redis, { processes, ...plan }) {
  const rows = []
  for (const { name } of MEMORY_ROWS) {
    const runs = []
    for (let run = 0; run < processes; run++) runs.push(await runRow(redis, { ...plan, row: name }))
    rows.push(summary(name, runs))
  }
  return rows
}

async function runRow({ url, client }, plan) {
  await client.sendCommand(['FLUSHALL'])
  const child = startScript(PROCESS, [url], { execArgv: ['--expose-gc'] })
  try {
    await message(child)
    return await ask(child, 'run', plan)
  } finally {
    child.kill()
  }
}

function summary(row, runs) {
  const contenders = runs[0].map(({ name, configuration }, at) => {
    const byProcess = runs.map((run) => median(run[at].nanoseconds))
    return { name, configuration, nanoseconds: Math.min(...byProcess), byProcess }
  })
  const [without, withStore] = contenders
  return { row, times: withStore.nanoseconds / without.nanoseconds, contenders }
}
