// `turbo` that asks nothing, reports nothing home and works offline. `--quiet` first: prints only where it fails.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const quiet = process.argv[2] === '--quiet'
const options = process.argv.slice(quiet ? 3 : 2)

const { status, error, stdout, stderr } = spawnSync('turbo', options, {
  cwd: root,
  encoding: 'utf8',
  stdio: quiet ? 'pipe' : 'inherit',
  shell: process.platform === 'win32',
  env: {
    ...process.env,
    PATH: `${root}node_modules/.bin:${process.env.PATH}`,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  },
})
if (error) throw error
if (quiet && status !== 0) process.stderr.write(stdout + stderr)
process.exitCode = status ?? 1
