// One reader in a process of its own: fills, and reads as often as it can with that many reads under way.
import { offer } from '../processes.js'
import { quantile } from '../report/figures.js'
import { KEYS, createKeyspace } from './keyspace.js'
import { loadReader } from './readers/index.js'

const [name, url] = process.argv.slice(2)
const { create } = await loadReader(name)
const reader = await create({ url, keyspace: createKeyspace() })
let at = 0

offer({
  fill: () => reader.fill(),
  run,
})
process.send('ready')

/** Reads for that long, or that often; keys in turn, so that no two reads under way are for the same one. */
async function run({ concurrency, milliseconds, most = Infinity }) {
  globalThis.gc({ type: 'major', execution: 'sync' })
  const state = { running: true, left: most, operations: 0, missed: 0, times: concurrency === 1 ? [] : undefined }
  const timer = milliseconds && setTimeout(() => (state.running = false), milliseconds)
  const cpu = process.cpuUsage()
  const started = process.hrtime.bigint()
  await Promise.all(Array.from({ length: concurrency }, () => (concurrency === 1 ? timed(state) : untimed(state))))
  const nanoseconds = Number(process.hrtime.bigint() - started)
  const { user, system } = process.cpuUsage(cpu)
  clearTimeout(timer)
  if (state.missed > 0) throw new Error(`${name}: ${state.missed} of ${state.operations} reads found nothing`)
  return {
    operations: state.operations,
    perSecond: state.operations / (nanoseconds / 1e9),
    processorMicroseconds: (user + system) / state.operations,
    ...(state.times && { p50: quantile(state.times, 0.5), p99: quantile(state.times, 0.99) }),
  }
}

async function untimed(state) {
  while (goesOn(state)) {
    const value = await reader.read(next())
    state.operations++
    if (value === undefined || value === null) state.missed++
  }
}

/** The same, with the microseconds of each read. */
async function timed(state) {
  while (goesOn(state)) {
    const started = performance.now()
    const value = await reader.read(next())
    state.times.push((performance.now() - started) * 1000)
    state.operations++
    if (value === undefined || value === null) state.missed++
  }
}

function goesOn(state) {
  return state.running && state.left-- > 0
}

function next() {
  at = (at + 1) % KEYS
  return at
}
