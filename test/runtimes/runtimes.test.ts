// Core and the Hono adapter, as built, on the runtimes beside Node. Run by `npm run test:runtimes`.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { binaryOrSkip } from '../binary-or-skip.js'

const run = promisify(execFile)
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

test('core and the Hono adapter run on Bun', async (context) => {
  const { stdout } = await run(binaryOrSkip('bun', context), ['--no-install', here('main.mjs')])
  expect(JSON.parse(stdout)).toEqual([])
})

test('core and the Hono adapter run on Deno', async (context) => {
  const options = ['run', '--allow-read', '--allow-env', '--no-remote', '--cached-only', '--node-modules-dir=manual']
  const { stdout } = await run(binaryOrSkip('deno', context), [...options, here('main.mjs')])
  expect(JSON.parse(stdout)).toEqual([])
})

test('core and the Hono adapter run on workerd with nodejs_compat', async (context) => {
  expect(await onWorkerd(binaryOrSkip('workerd', context), { context: true })).toEqual([])
})

test('on workerd without nodejs_compat handles and middleware work, and run says that it cannot', async (context) => {
  expect(await onWorkerd(binaryOrSkip('workerd', context), { context: false })).toEqual([])
})

/** Serves worker.mjs, bundled to one module, on a loopback port of the system's choice, and asks it once. */
async function onWorkerd(binary: string, { context }: { context: boolean }): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'cacheado-workerd-'))
  await build({
    entryPoints: [here('worker.mjs')],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker'],
    external: ['node:*', 'jose'],
  })
  await writeFile(join(folder, 'config.capnp'), workerdConfig(context ? ['nodejs_compat'] : []))

  const server = spawn(binary, ['serve', '--control-fd=3', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  try {
    const port = await listeningPort(server.stdio[3] as Readable)
    const response = await fetch(`http://127.0.0.1:${port}/?context=${context}`)
    return await response.json()
  } finally {
    server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

function workerdConfig(flags: string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2025-09-01",
  compatibilityFlags = ${JSON.stringify(flags)}
);
`
}

/** workerd says on its control channel which port it was given. */
async function listeningPort(control: Readable): Promise<number> {
  for await (const line of createInterface({ input: control })) {
    const message = JSON.parse(line) as { event: string; port?: number }
    if (message.event === 'listen' && message.port !== undefined) return message.port
  }
  throw new Error('workerd stopped before it listened')
}
