// NestJS 11 cannot be installed beside 12 in one workspace, so it gets a folder of its own and the tests run there once more.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const FOLDER = join(ROOT, '.cache/nest-11')
const NEST = '^11.2.0'
const DEPENDENCIES = {
  '@nestjs/common': NEST,
  '@nestjs/core': NEST,
  '@nestjs/platform-express': NEST,
  '@nestjs/testing': NEST,
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.2',
}

/** Installs NestJS 11 unless it is there; why it is not, where that fails. */
function installNest(): string | undefined {
  const manifest = join(FOLDER, 'package.json')
  if (existsSync(join(FOLDER, 'node_modules/@nestjs/testing/package.json'))) return undefined
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(manifest, JSON.stringify({ private: true, dependencies: DEPENDENCIES }))
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stderr } = spawnSync('npm', ['install', ...options], { cwd: FOLDER, encoding: 'utf8' })
  return status === 0 ? undefined : `NestJS 11 cannot be installed: ${stderr}`
}

test('everything holds on NestJS 11', { timeout: 300_000 }, (context) => {
  const missing = installNest()
  if (missing !== undefined && process.env['CACHEADO_REQUIRE_RUNTIMES']) throw new Error(missing)
  if (missing !== undefined) return context.skip(missing)
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url))
  const { VITEST: _, VITEST_MODE: __, VITEST_WORKER_ID: ___, VITEST_POOL_ID: ____, ...env } = process.env
  const run = ['run', '--config', config, 'packages/nestjs/test', '--reporter=json', '--silent']
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, ...run], { cwd: ROOT, encoding: 'utf8', env })
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  )
  expect(
    failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages].join('\n')),
    stderr,
  ).toEqual([])
  expect(report.numPassedTests).toBeGreaterThan(80)
})

interface Report {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}
