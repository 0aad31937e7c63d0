// How other processes hear of a write: publish and subscribe, a stream that is read blocking, RESP3 tracking in broadcast mode.
// Write → seen, one write at a time, and what a write costs the server, with 1 and 10 listeners.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { environment, versions } from '../report/environment.js'
import { median, rotated } from '../report/figures.js'
import { short, table } from '../report/table.js'

const ROUNDS = 7
const WRITES_PER_ROUND = 300
const WARM_UP = 100
const LOAD_WRITES = 20_000
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

async function startServer() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  const folder = mkdtempSync(join(tmpdir(), 'cacheado-bench-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const close = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: `redis://127.0.0.1:${port}`, close }
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

async function latencies(url, mechanism, count) {
  const writer = await connected(url)
  const listeners = await listening(url, mechanism, count)
  const times = []
  for (let at = 0; at < WARM_UP + WRITES_PER_ROUND; at++) {
    const all = listeners.next()
    const start = performance.now()
    await Promise.all([mechanism.write(writer, textOf(at)), all])
    if (at >= WARM_UP) times.push(...(await all).map((time) => (time - start) * 1000))
  }
  listeners.close()
  writer.destroy()
  return times
}

/** Microseconds of the server's processor for one write, under load. */
async function serverCost(url, mechanism, count) {
  const writer = await connected(url)
  const listeners = await listening(url, mechanism, count)
  const before = await cpuOf(writer)
  for (let at = 0; at < LOAD_WRITES; at += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, (_, offset) => mechanism.write(writer, textOf(at + offset))))
  }
  const cost = ((await cpuOf(writer)) - before) / LOAD_WRITES
  listeners.close()
  writer.destroy()
  return cost
}

async function cpuOf(client) {
  const info = await client.sendCommand(['INFO', 'cpu'])
  const seconds = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}

function textOf(number) {
  return String(number).padStart(40, '0')
}

function quantile(numbers, share) {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)]
}

const server = await startServer()
await new Promise((resolve) => setTimeout(resolve, 500))
const names = Object.keys(mechanisms)
const results = names.flatMap((mechanism) =>
  (mechanisms[mechanism].listen ? LISTENERS : [0]).map((listeners) => ({ mechanism, listeners, times: [], costs: [] })),
)
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const { mechanism, listeners, times, costs } of rotated(results, round)) {
      if (listeners > 0) times.push(...(await latencies(server.url, mechanisms[mechanism], listeners)))
      costs.push(await serverCost(server.url, mechanisms[mechanism], listeners))
    }
  }
} finally {
  await server.close()
}

const rows = results.map(({ mechanism, listeners, times, costs }) => ({
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
console.log(table([['write → seen', 'listeners', 'p50 µs', 'p99 µs', 'server µs/write'], ...shown]))
const report = {
  ...environment('node benchmarks/redis/coherence.js'),
  versions: versions(['@redis/client']),
  rounds: ROUNDS,
  writesPerRound: WRITES_PER_ROUND,
  loadWrites: LOAD_WRITES,
  batch: BATCH,
  rows,
}
writeFileSync(new URL('../results/coherence.json', import.meta.url), `${JSON.stringify(report, undefined, 2)}\n`)
