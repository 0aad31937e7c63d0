import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { commandOn } from '../processes.js'

const BINARY = 'redis-server'
/** How long it may take to answer after its start, in milliseconds. */
const START_LIMIT = 10_000

/** Whether there is a Redis to measure with. */
export const hasRedis = spawnSync(BINARY, ['--version']).error === undefined

/** A redis-server of our own on a free port, that keeps nothing on disk; `client` is for looking at it from outside. */
export async function startRedis({ processor } = {}) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'cacheado-bench-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const [program, ...rest] = commandOn(processor, [BINARY, ...args])
  const child = spawn(program, rest, { stdio: 'ignore' })
  const end = () => {
    const running = child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    return running
  }
  process.once('exit', end)
  const url = `redis://127.0.0.1:${port}`
  const client = await connected(url, child)
  const close = async () => {
    client.destroy()
    process.off('exit', end)
    if (end()) await once(child, 'exit')
  }
  return { url, port, client, close, version: await versionOf(client) }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  return port
}

async function connected(url, child) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => {})
  const late = pause(START_LIMIT, undefined, { ref: false }).then(() => 'it does not answer')
  const ended = once(child, 'exit').then(([code]) => `it ended with ${code}`)
  const failure = await Promise.race([client.connect().then(() => undefined), late, ended])
  if (failure === undefined) return client
  client.destroy()
  child.kill('SIGKILL')
  throw new Error(`${BINARY}: ${failure}`)
}

async function versionOf(client) {
  return /redis_version:(\S+)/.exec(await client.sendCommand(['INFO', 'server']))[1]
}

/** How many commands the server has run so far, without those that only look whether it is there. */
export async function commandsOf(client) {
  const calls = (await client.sendCommand(['INFO', 'commandstats'])).matchAll(/cmdstat_([^:]+):calls=(\d+)/g)
  let sum = 0
  for (const [, name, count] of calls) if (!['ping', 'info'].includes(name)) sum += Number(count)
  return sum
}

/** Microseconds of the server's processor so far. */
export async function processorOf(client) {
  const info = await client.sendCommand(['INFO', 'cpu'])
  const seconds = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}
