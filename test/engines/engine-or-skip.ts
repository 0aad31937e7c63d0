import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beforeAll, describe } from 'vitest'

/**
 * What a test needs: a binary that it starts, freezes and kills (`redis-server`, `memcached`), or any Redis to talk to
 * (`redis`: the server behind `REDIS_URL`, or else a binary).
 */
export type Engine = 'redis' | EngineBinary
export type EngineBinary = 'redis-server' | 'memcached'

/** Names another binary that does the same: `CACHEADO_REDIS_SERVER=/usr/bin/valkey-server`. */
const OVERRIDES = { 'redis-server': 'CACHEADO_REDIS_SERVER', memcached: 'CACHEADO_MEMCACHED' } as const

/**
 * A `describe` of tests against a real engine. Where this machine has none they are skipped, with the reason in the title; or
 * they fail, where `CACHEADO_REQUIRE_ENGINES` is set, as CI does.
 *
 * @example
 * ```ts
 * describeEngine('redis-server', 'a frozen Redis', () => {
 *   test('…', async () => { const redis = await startRedis() … })
 * })
 * ```
 */
export function describeEngine(engine: Engine, title: string, body: () => void): void {
  const missing = missingReason(engine)
  const isRequired = process.env['CACHEADO_REQUIRE_ENGINES'] === '1'
  describe.skipIf(missing !== undefined && !isRequired)(missing === undefined ? title : `${title} (${missing})`, () => {
    beforeAll(() => {
      if (missing !== undefined) throw new Error(missing)
    })
    body()
  })
}

/** Why tests against the engine cannot run here; `undefined` where they can. */
export function missingReason(engine: Engine): string | undefined {
  if (engine === 'redis' && process.env['REDIS_URL']) return undefined
  const name = engine === 'redis' ? 'redis-server' : engine
  return find(name) === undefined ? `no ${name} on the PATH` : undefined
}

/** The path of the binary. @throws Error where there is none */
export function binaryOf(name: EngineBinary): string {
  const path = find(name)
  if (path === undefined) throw new Error(`no ${name} on the PATH`)
  return path
}

function find(name: EngineBinary): string | undefined {
  const override = process.env[OVERRIDES[name]]
  if (override) return override
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
