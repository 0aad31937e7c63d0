import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const COMPILER = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))

/*
 * Each program holds uses that must compile, and lines marked `@ts-expect-error` that must not: an expected error that does
 * not come is an error of the program.
 */
describe.each(['registered', 'unregistered'])("an application's types, its scopes %s", (program) => {
  it('are as they should be', { timeout: 120_000 }, () => {
    const project = fileURLToPath(new URL(`types/${program}`, import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [COMPILER, '-p', project, '--noEmit'], { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
  })
})
