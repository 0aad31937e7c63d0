import { ask, message, startScript } from '../processes.js'
import { commandsOf } from '../redis/server.js'
import { tapWire } from '../redis/wire-tap.js'
import { median, ratios, rotated, spread } from '../report/figures.js'
import { READER_NAMES, loadReader } from './readers/index.js'

const PROCESS = new URL('reader-process.js', import.meta.url)
const CONCURRENCIES = [1, 50, 500]
/** A read that did not go to Redis at all is another one than what is measured: so few may. */
const MOST_FROM_MEMORY = 0.02

/**
 * Reads that find their value in Redis, at several concurrencies, all readers in turns. The server is on one processor, the
 * reader on the other.
 */
export async function benchLookUps(redis, plan) {
  const readers = []
  try {
    for (const name of READER_NAMES) {
      await fill(name, redis.url)
      readers.push(await startReader(name, redis.url))
    }
    const rows = []
    for (const concurrency of CONCURRENCIES) rows.push(...(await runInTurns(redis, readers, { ...plan, concurrency })))
    return rows
  } finally {
    for (const { child } of readers) child.kill()
  }
}

/** By a process that ends with it: writing teaches the engine where objects get old, and reading would pay for that. */
async function fill(name, url) {
  const { child } = await startReader(name, url)
  await ask(child, 'fill')
  child.kill()
}

async function startReader(name, url) {
  const child = startScript(PROCESS, [name, url], { processor: 1, execArgv: ['--expose-gc'] })
  await message(child)
  return { name, child, configuration: (await loadReader(name)).configuration }
}

async function runInTurns(redis, readers, { rounds, warmUp, milliseconds, concurrency }) {
  const measured = readers.map(() => [])
  for (let round = -warmUp; round < rounds; round++) {
    for (const at of rotated([...readers.keys()], round + warmUp)) {
      const figures = await runChecked(redis, readers[at], { concurrency, milliseconds })
      if (round >= 0) measured[at].push(figures)
    }
  }
  return readers.map((reader, at) => summary(reader, { concurrency, figures: measured[at], reference: measured[0] }))
}

/** A read that is not one command of the server's is something else than it is called. */
async function runChecked({ client }, { name, child }, parameters) {
  const before = await commandsOf(client)
  const figures = await ask(child, 'run', parameters)
  const commands = (await commandsOf(client)) - before
  if (commands < figures.operations * (1 - MOST_FROM_MEMORY)) {
    throw new Error(`${name}: ${commands} commands for ${figures.operations} reads`)
  }
  return figures
}

/** Against the first reader, round by round. */
function summary({ name, configuration }, { concurrency, figures, reference }) {
  const column = (rows, field) => rows.map((row) => row[field])
  const against = (field) => spread(ratios(column(figures, field), column(reference, field)))
  return {
    name,
    configuration,
    concurrency,
    perSecond: median(column(figures, 'perSecond')),
    timesPerSecond: against('perSecond'),
    processorMicroseconds: median(column(figures, 'processorMicroseconds')),
    ...(concurrency === 1 && {
      microsecondsP50: median(column(figures, 'p50')),
      microsecondsP99: median(column(figures, 'p99')),
      timesP50: against('p50'),
    }),
  }
}

/** What one read puts on the wire, and how often it waits: bytes both ways, round trips and commands. */
export async function benchWire(redis, { operations }) {
  const rows = []
  for (const name of READER_NAMES) {
    const tap = await tapWire(redis.port)
    const reader = await startReader(name, tap.url)
    try {
      // The first reads connect, prepare scripts and learn stamps.
      await ask(reader.child, 'run', { concurrency: 1, most: operations })
      rows.push({ name, ...(await onWire(redis, { tap, reader, operations })) })
    } finally {
      reader.child.kill()
      tap.close()
    }
  }
  return rows
}

async function onWire({ client }, { tap, reader, operations }) {
  const [before, commandsBefore] = [tap.counts(), await commandsOf(client)]
  await ask(reader.child, 'run', { concurrency: 1, most: operations })
  const [after, commandsAfter] = [tap.counts(), await commandsOf(client)]
  const each = (field) => (after[field] - before[field]) / operations
  return {
    bytesSent: each('bytesSent'),
    bytesReceived: each('bytesReceived'),
    roundTrips: each('roundTrips'),
    commands: (commandsAfter - commandsBefore) / operations,
  }
}
