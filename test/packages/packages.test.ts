// The packages as users install them: packed, installed elsewhere, imported, required, compiled, run.
// Run by `npm run test:packages`, after a build.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NODE_LINES } from '../../scripts/runtime-binaries.mjs'
import { binaryOrSkip } from '../binary-or-skip.js'
import {
  addProgram,
  compile,
  installConsumer,
  outputOf,
  packAll,
  PACKAGES,
  removeConsumers,
  ROOT,
  sameVersions,
} from './consumer.js'

const OLDEST_TYPESCRIPT = 'npm:typescript@5.4.5'
const NEST = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express']
const NEST_PEERS = ['rxjs', 'reflect-metadata']

let tarballs: Record<string, string>
beforeAll(async () => {
  tarballs = await packAll()
})
afterAll(removeConsumers)

describe.each(PACKAGES)('the tarball of %s', (name) => {
  const tarball = () => (tarballs[`@cacheado/${name}`] as string).replace('file:', '')
  const tool = (command: string) => join(ROOT, 'node_modules/.bin', command)

  test('has nothing that publint would change', async () => {
    expect(await outputOf(tool('publint'), [tarball(), '--strict'])).toContain('All good!')
  })

  test('has the right types for every kind of importer', async () => {
    expect(await outputOf(tool('attw'), [tarball(), '--no-color', '--no-emoji'])).toContain('No problems found')
  })
})

describe('an application of today', () => {
  let folder: string
  beforeAll(async () => {
    const frameworks = ['express', '@types/express', 'hono', 'jose', 'keyv', ...NEST, ...NEST_PEERS]
    const compilers = { 'oldest-typescript': OLDEST_TYPESCRIPT, ...(await sameVersions(['typescript', '@types/node'])) }
    folder = await installConsumer('today', { ...tarballs, ...(await sameVersions(frameworks)), ...compilers })
  })

  test.each(['esm-js', 'cjs-js'])('uses the packages: %s', async (program) => {
    expect(await outputOf('node', [join(folder, program, 'main.js')])).toBe('used\n')
  })

  test.each([
    ['module', 'oldest-typescript'],
    ['module', 'typescript'],
    ['commonjs', 'oldest-typescript'],
    ['commonjs', 'typescript'],
  ])('compiles and uses the packages as a %s with %s', async (type, compiler) => {
    const program = await addProgram(folder, 'ts', { as: `${type}-${compiler}`, type })
    expect(await compile(program, compiler)).toEqual([])
    expect(await outputOf('node', [join(program, 'out/main.js')])).toBe('used\n')
  })

  test('uses the NestJS module', async () => {
    const program = await addProgram(folder, 'nest', { as: 'nest', type: 'module' })
    expect(await compile(program, 'typescript')).toEqual([])
    expect(await outputOf('node', [join(program, 'out/main.js')])).toBe('used\n')
  })

  test.for(NODE_LINES)('meets one instance by import and by require on %s', async (line, context) => {
    const node = binaryOrSkip(line, context)
    expect(await outputOf(node, [join(folder, 'one-instance.mjs')])).toBe('one instance\n')
  })
})

describe('an application with NestJS 11 and Jest, in CommonJS', () => {
  let folder: string
  beforeAll(async () => {
    const nest = Object.fromEntries(NEST.map((name) => [name, '^11.0.0']))
    const tools = { jest: '30.5.2', typescript: OLDEST_TYPESCRIPT, ...(await sameVersions(['@types/node'])) }
    const frameworks = await sameVersions(['express', '@types/express', 'hono', ...NEST_PEERS])
    folder = await installConsumer('jest', { ...tarballs, ...frameworks, ...nest, ...tools })
  })

  test('tests itself', async () => {
    const program = await addProgram(folder, 'nest', { as: 'nest', type: 'commonjs' })
    expect(await compile(program, 'typescript', '--module', 'CommonJS', '--moduleResolution', 'Node10')).toEqual([])
    await addProgram(folder, 'jest', { as: 'jest', type: 'commonjs' })
    const options = ['--ci', '--json', '--testMatch', '**/jest/*.test.js']
    const printed = await outputOf(join(folder, 'node_modules/.bin/jest'), options, folder)
    const report = JSON.parse(printed) as { numPassedTests: number }
    expect(report.numPassedTests).toBe(5)
  })
})
