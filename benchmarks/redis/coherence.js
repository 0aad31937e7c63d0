// How other processes hear of a write: publish and subscribe, a stream that is read blocking, RESP3 tracking in broadcast mode.
// Write → seen, one write at a time, and what a write costs the server, with 1 and 10 listeners.
import { createClient } from '@redis/client'
import { median, quantile, rotated } from '../report/figures.js'
import { short, table } from '../report/table.js'
import { hasRedis, processorOf, startRedis } from './server.js'

const FULL = { rounds: 7, writesPerRound: 300, warmUp: 100, loadWrites: 20_000 }
const QUICK = { rounds: 1, writesPerRound: 20, warmUp: 5, loadWrites: 1000 }
const BATCH = 100
const LISTENERS = [1, 10]
const KEY = 'bench:stamp'
const BUS = 'bench:bus'
const STREAM_LENGTH = '10000'

/** Each mechanism: what a write is, and how a listener begins; the message is the number of the write, as text of 40 bytes. */
const mechanisms = {
  'no listeners': {
    write: (client, text) => client.sendCommand(['SET', KEY, text, 'PX', '600000']),
    listen: undefined,
  },
  'publish and subscribe': {
    write: (client, text) =>
      Promise.all([client.sendCommand(['SET', KEY, text, 'PX', '600000']), client.sendCommand(['PUBLISH', BUS, text])]),
    listen: (client, heard) => client.subscribe(BUS, (message) => heard(Number(message)), true),
  },
  'stream, XREAD BLOCK': {
    write: (client, text) =>
      Promise.all([
        client.sendCommand(['SET', KEY, text, 'PX', '600000']),
        client.sendCommand(['XADD', BUS, 'MAXLEN', '~', STREAM_LENGTH, '*', 'm', text]),
      ]),
    listen: async (client, heard) => void follow(client, heard),
  },
  'tracking, broadcast': {
    write: (client, text) => client.sendCommand(['SET', KEY + text, text, 'PX', '600000']),
    listen: async (client, heard) => {
      client.on('invalidate', (key) => heard(Number(String(key).slice(KEY.length))))
      // The client begins by itself, in the mode that remembers what each connection has read.
      await client.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', KEY])
    },
    resp: 3,
  },
}

async function follow(client, heard) {
  let last = '$'
  while (client.isOpen) {
    const reply = await client.sendCommand(['XREAD', 'BLOCK', '0', 'STREAMS', BUS, last]).catch(() => undefined)
    for (const [id, [, text]] of reply?.[0]?.[1] ?? []) {
      last = id
      heard(Number(text))
    }
  }
}

async function connected(url, RESP = 2) {
  const client = createClient({ url, RESP, emitInvalidate: RESP === 3, maintNotifications: 'disabled' })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Listeners on connections of their own; `next` resolves with the times at which each of them saw one more write. */
async function listening(url, { listen, resp }, count) {
  const clients = []
  let seen = []
  let arrived = () => {}
  for (let at = 0; at < (listen ? count : 0); at++) {
    const client = await connected(url, resp)
    clients.push(client)
    await listen(client, () => {
      seen.push(performance.now())
      if (seen.length === count) arrived()
    })
  }
  // A stream's readers have to be blocked before the first write: they begin at its end.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const next = () => {
    seen = []
    return new Promise((resolve) => (arrived = () => resolve(seen)))
  }
  return { next, close: () => clients.forEach((client) => client.destroy()) }
}

async function latencies(url, { mechanism, count, writesPerRound, warmUp }) {
  const writer = await connected(url)
  const listeners = await listening(url, mechanism, count)
  const times = []
  for (let at = 0; at < warmUp + writesPerRound; at++) {
    const all = listeners.next()
    const start = performance.now()
    await Promise.all([mechanism.write(writer, textOf(at)), all])
    if (at >= warmUp) times.push(...(await all).map((time) => (time - start) * 1000))
  }
  listeners.close()
  writer.destroy()
  return times
}

/** Microseconds of the server's processor for one write, under load. */
async function serverCost(url, { mechanism, count, loadWrites }) {
  const writer = await connected(url)
  const listeners = await listening(url, mechanism, count)
  const before = await processorOf(writer)
  for (let at = 0; at < loadWrites; at += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, (_, offset) => mechanism.write(writer, textOf(at + offset))))
  }
  const cost = ((await processorOf(writer)) - before) / loadWrites
  listeners.close()
  writer.destroy()
  return cost
}

function textOf(number) {
  return String(number).padStart(40, '0')
}

/** Runs every mechanism in turns; `onRows` hears of the outcome as a table. `undefined` where there is no Redis. */
export async function benchCoherence({ quick, onRows }) {
  if (!hasRedis) return undefined
  const plan = quick ? QUICK : FULL
  const rows = (await measure(plan)).map(({ mechanism, listeners, times, costs }) => ({
    mechanism,
    listeners,
    seenMicrosecondsP50: listeners === 0 ? null : quantile(times, 0.5),
    seenMicrosecondsP99: listeners === 0 ? null : quantile(times, 0.99),
    serverMicrosecondsPerWrite: median(costs),
  }))
  const shown = rows.map((row) => [
    row.mechanism,
    String(row.listeners),
    ...[row.seenMicrosecondsP50, row.seenMicrosecondsP99].map((time) => (time === null ? '' : short(time))),
    short(row.serverMicrosecondsPerWrite),
  ])
  onRows(table([['write → seen', 'listeners', 'p50 µs', 'p99 µs', 'server µs/write'], ...shown]))
  return { ...plan, batch: BATCH, rows }
}

async function measure({ rounds, ...plan }) {
  const results = Object.entries(mechanisms).flatMap(([mechanism, { listen }]) =>
    (listen ? LISTENERS : [0]).map((listeners) => ({ mechanism, listeners, times: [], costs: [] })),
  )
  const server = await startRedis()
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { mechanism, listeners, times, costs } of rotated(results, round)) {
        const parameters = { ...plan, mechanism: mechanisms[mechanism], count: listeners }
        if (listeners > 0) times.push(...(await latencies(server.url, parameters)))
        costs.push(await serverCost(server.url, parameters))
      }
    }
    return results
  } finally {
    await server.close()
  }
}
