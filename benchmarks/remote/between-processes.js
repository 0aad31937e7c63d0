import { ask, message, startScript } from '../processes.js'
import { median, quantile } from '../report/figures.js'

const PROCESS = new URL('node-process.js', import.meta.url)
/** What the process that hears of it has in memory of the tenant. */
const ENTRIES = 10
const CALLERS = 100
const LEASE = 2000

async function withTwo({ url }, measure) {
  const children = [startScript(PROCESS, [url]), startScript(PROCESS, [url])]
  try {
    await Promise.all(children.map(message))
    return await measure(...children)
  } finally {
    for (const child of children) child.kill()
  }
}

/**
 * From the call of `invalidate()` in one process until the memory of another one has dropped the entries, on the clock that
 * processes of a machine share; in turns with the client alone, that sets and publishes. And the messages of a series of
 * invalidations of different scopes.
 */
export function benchSeen(redis, { invalidations, warmUp }) {
  return withTwo(redis, async (writer, reader) => {
    const measured = { raw: [], cacheado: [] }
    for (let at = -warmUp; at < invalidations; at++) {
      const raw = await seenRaw(writer, reader)
      const cacheado = await seenInvalidation(writer, reader, `org_${at}`)
      if (at < 0) continue
      measured.raw.push(raw)
      measured.cacheado.push(cacheado)
    }
    const variants = Object.entries(measured).map(([name, times]) => ({
      name,
      microsecondsP50: quantile(times, 0.5),
      microsecondsP99: quantile(times, 0.99),
    }))
    return { invalidations, entries: ENTRIES, variants, messagesPerScope: await messagesPerScope(writer, reader) }
  })
}

async function seenRaw(writer, reader) {
  await ask(reader, 'expect')
  await ask(writer, 'heard')
  const began = await ask(writer, 'publish')
  return microsecondsBetween(began, await ask(reader, 'arrived'))
}

async function seenInvalidation(writer, reader, organization) {
  await ask(reader, 'keep', { organization, entries: ENTRIES })
  await ask(writer, 'heard')
  const began = await ask(writer, 'invalidate', { organization })
  return microsecondsBetween(began, await ask(reader, 'dropped'))
}

function microsecondsBetween(began, seen) {
  return Number(BigInt(seen) - BigInt(began)) / 1000
}

async function messagesPerScope(writer, reader) {
  await ask(reader, 'forget')
  for (let at = 0; at < SERIES; at++) await ask(writer, 'invalidate', { organization: `counted_${at}` })
  // Messages come in their order: when this one has come, all before it have.
  await ask(reader, 'keep', { organization: 'last', entries: 1 })
  await ask(writer, 'invalidate', { organization: 'last' })
  await ask(reader, 'dropped')
  return ((await ask(reader, 'scopeMessages')) - 1) / SERIES
}

const SERIES = 100

/** A cold key, asked for by many callers in two processes at once, with and without a lease, in turns. */
export function benchStampede(redis, { rounds }) {
  return withTwo(redis, async (...children) => {
    const variants = [0, LEASE].map((lease) => ({ lease, loads: [], milliseconds: [] }))
    for (let round = 0; round < rounds; round++) {
      for (const { lease, loads, milliseconds } of variants) {
        const parameters = { organization: `stampede_${round}_${lease}`, callers: CALLERS, lease }
        const answers = await Promise.all(children.map((child) => ask(child, 'stampede', parameters)))
        loads.push(answers.reduce((sum, answer) => sum + answer.loads, 0))
        milliseconds.push(Math.max(...answers.map((answer) => answer.milliseconds)))
      }
    }
    return variants.map(({ lease, loads, milliseconds }) => ({
      lease,
      callers: CALLERS * children.length,
      loads: median(loads),
      mostLoads: Math.max(...loads),
      milliseconds: median(milliseconds),
    }))
  })
}
