import { compileLoop } from './loop.js'
import { interleave } from './rounds.js'
import { createNewKeys, createWorkload } from './workload.js'

/** Operations between two looks at the clock while a loop gets compiled. */
const CHUNK = 1 << 12
const MOST = 1 << 20

/** One row: every contender filled with the same entries, then asked the same, in turns. */
export async function runThroughput(row, { size, rounds, warmUp, roundTime }) {
  const workload = createWorkload(size)
  if (row.operation === 'setNew') Object.assign(workload, createNewKeys(size))
  const contenders = []
  for (const contender of row.contenders) contenders.push(await prepare(contender, { row, workload, roundTime }))
  return interleave(contenders, { rounds, warmUp })
}

async function prepare(contender, { row, workload, roundTime }) {
  const { operation } = row
  const load = () => {
    throw new Error(`${row.name}: ${contender.name} loaded what it had`)
  }
  const loaders = { getOrSet: { memo: load }, getOrSetAsync: { fetch: load } }
  const cache = contender.create({ size: workload.size, ...loaders[operation] })
  await (operation === 'tenantHit' ? contender.fillTenants(cache, workload) : contender.fill(cache, workload))
  const expression = contender.expressions[operation]
  const loop = compileLoop(expression, { cache, workload, load, asynchronous: row.name.startsWith('await ') })
  let step = 0
  const run = async (count) => {
    const started = process.hrtime.bigint()
    const found = await loop(step, count)
    const elapsed = Number(process.hrtime.bigint() - started)
    step += count
    check(row, contender, { found, count })
    return elapsed / count
  }
  const count = countFor(await settle(run, roundTime), roundTime)
  return { name: contender.name, configuration: contender.configuration, run: () => run(count) }
}

/** A row about hits that misses, or the other way round, would be measured very fast. */
function check(row, contender, { found, count }) {
  const expected = { all: count, none: 0, any: found }[row.finds]
  if (found !== expected) throw new Error(`${row.name}: ${contender.name} found ${found} of ${count}`)
}

/** Runs for twice the time of a round, so that it is compiled; the nanoseconds of its last operations. */
async function settle(run, roundTime) {
  let nanoseconds = 0
  for (let elapsed = 0; elapsed < roundTime * 2e6; elapsed += nanoseconds * CHUNK) nanoseconds = await run(CHUNK)
  return nanoseconds
}

/** Operations that fill a round. */
function countFor(nanoseconds, roundTime) {
  const wanted = (roundTime * 1e6) / nanoseconds
  return Math.min(MOST, Math.max(CHUNK, 2 ** Math.round(Math.log2(wanted))))
}
