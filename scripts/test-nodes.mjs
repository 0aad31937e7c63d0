// Runs the tests of the packages and of their adapters' contract on every supported line of Node: `npm run test:nodes [node-22 …] [-- vitest options]`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NODE_LINES, runtimeBinary } from './runtime-binaries.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))

// What takes minutes and is about engines and interleavings, not about the line of Node: the main run has it.
const ONCE = [
  '**/packages/core/test/remote/remote-interleavings.test.ts',
  '**/packages/memcached/**',
  '**/packages/redis/test/{sentinel,cluster,borrowed-client}.test.ts',
].map((files) => `--exclude=${files}`)

const named = process.argv.slice(2).filter((argument) => NODE_LINES.includes(argument))
const options = process.argv.slice(2).filter((argument) => !NODE_LINES.includes(argument))

let failed = false
for (const line of named.length > 0 ? named : NODE_LINES) {
  const found = runtimeBinary(line)
  if ('missing' in found) {
    console.log(`${line}: skipped, ${found.missing}`)
    failed ||= Boolean(process.env.CACHEADO_REQUIRE_RUNTIMES)
    continue
  }
  const started = performance.now()
  const { status } = spawnSync(
    found.path,
    [VITEST, 'run', 'packages', 'test/adapter-contract', ...ONCE, '--reporter=dot', ...options],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`Node ${found.version}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
