import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../report/figures.js'
import { coreBars } from './bars.js'
import { ROWS } from './rows.js'

/**
 * Rows run in several processes: within one, V8 compiles a library once and stays with what it got, up to three times slower
 * than in the next. Each contender counts with the process in which it was fastest. Rows with awaited peers take a third of the
 * processes: filling these takes long, and they lie far apart.
 */
const FULL = {
  sizes: [
    { size: 10_000, processes: 5 },
    { size: 1_000_000, processes: 3 },
  ],
  plan: { rounds: 7, warmUp: 1, roundTime: 50 },
}
const QUICK = {
  sizes: [
    { size: 1000, processes: 1 },
    { size: 10_000, processes: 1 },
  ],
  plan: { rounds: 3, warmUp: 0, roundTime: 10 },
}

const CASE_PROCESS = fileURLToPath(new URL('case-process.js', import.meta.url))
/** What times are given relative to, where the row has it. */
const REFERENCES = ['Map', 'lru-cache']

/** Runs every row at every size; `onRow` hears of each as it is done. */
export async function benchCore({ quick, onRow }) {
  const { sizes, plan } = quick ? QUICK : FULL
  const rows = []
  for (const { size, processes } of sizes) {
    for (const { name, contenders } of ROWS) {
      const count = contenders.includes('bentocache') ? Math.ceil(processes / 3) : processes
      const runs = []
      for (let run = 0; run < count; run++) runs.push(await runCase({ ...plan, row: name, size }))
      const row = { row: name, size, processes: count, contenders: summaries(runs) }
      onRow(row)
      rows.push(row)
    }
  }
  const bars = coreBars(
    rows,
    sizes.map(({ size }) => size),
  )
  return { sizes, ...plan, bars, rows }
}

function runCase(plan) {
  return new Promise((resolve, reject) => {
    const child = fork(CASE_PROCESS, [JSON.stringify(plan)], {
      execArgv: ['--expose-gc', '--max-old-space-size=8192'],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    let measured
    child.on('message', (message) => (measured = message))
    child.on('exit', (code) =>
      measured ? resolve(measured) : reject(new Error(`${plan.row} at ${plan.size} entries: ended with ${code}`)),
    )
  })
}

/** Each contender at its best, and against the references at theirs. */
function summaries(runs) {
  const contenders = runs[0].map(({ name, configuration }, at) => {
    const medians = runs.map((run) => median(run[at].nanoseconds))
    return { name, configuration, nanoseconds: Math.min(...medians), byProcess: medians }
  })
  const references = contenders.filter(({ name }) => REFERENCES.includes(name))
  return contenders.map((contender) => ({ ...contender, times: against(contender, references) }))
}

function against({ name, nanoseconds }, references) {
  const others = references.filter((reference) => reference.name !== name)
  return Object.fromEntries(others.map((reference) => [reference.name, nanoseconds / reference.nanoseconds]))
}
