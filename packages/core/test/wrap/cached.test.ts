import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as core from '@cacheado/core'
import { Cached, CachedSync } from '@cacheado/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acme, alice, bob, testCache } from '../support/caches.js'
import { expectNoUnhandledRejection } from '../support/unhandled.js'
import type { decorate as Decorate } from './fixtures/decorated.js'

expectNoUnhandledRejection()

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const FIXTURE = 'packages/core/test/wrap/fixtures/decorated'
const folder = mkdtempSync(join(tmpdir(), 'cacheado-decorators-'))

afterAll(() => rmSync(folder, { recursive: true }))

/** The fixture as TypeScript compiles it; fails where it does not type-check. */
async function compiled(experimentalDecorators: boolean): Promise<typeof Decorate> {
  const outDir = join(folder, String(experimentalDecorators))
  const project = join(folder, `tsconfig.${experimentalDecorators}.json`)
  const compilerOptions = {
    experimentalDecorators,
    outDir,
    rootDir: ROOT,
    noEmit: false,
    declaration: false,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions,
      files: [join(ROOT, `${FIXTURE}.ts`)],
      include: [],
    }),
  )
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }')
  const module = (await import(/* @vite-ignore */ pathToFileURL(join(outDir, `${FIXTURE}.js`)).href)) as {
    decorate: typeof Decorate
  }
  return module.decorate
}

describe.each([
  ['standard decorators', false],
  ['experimentalDecorators', true],
])('@Cached and @CachedSync with %s', (_name, experimental) => {
  let decorate: typeof Decorate
  beforeAll(async () => {
    decorate = await compiled(experimental)
  }, 60_000)

  it('keep the results of a method in the caller’s scope', async () => {
    const { cache } = testCache()
    const { Invoices, calls } = decorate(core, cache)
    const invoices = new Invoices('one')
    const find = () => invoices.find('a')
    const values = [
      await cache.run(alice, find),
      await cache.run(bob, find),
      await cache.run({ organization: 'globex' }, find),
    ]
    expect(values[0]).toBe(values[1])
    expect(values[2]).not.toBe(values[0])
    expect(calls).toEqual(['find a', 'find a'])
    expect(await cache.run(alice, () => invoices.find('a', 'pt'))).toEqual({ id: 'a', by: 'one', locale: 'pt' })
  })

  it('hold for calls from within the class and for super', async () => {
    const { cache } = testCache()
    const { Invoices, Receipts, calls } = decorate(core, cache)
    expect(await cache.run(acme, () => new Invoices('one').findTwice('a'))).toBe(true)
    expect(await cache.run(acme, () => new Receipts('two').find('a'))).toEqual({
      id: 'a',
      by: 'receipts',
      locale: undefined,
    })
    expect(calls).toEqual(['find a'])
  })

  it('pass `this` on, which is no part of the key: instances share', async () => {
    const { cache } = testCache()
    const { Invoices } = decorate(core, cache)
    await cache.run(acme, async () => {
      expect((await new Invoices('one').find('a')).by).toBe('one')
      expect((await new Invoices('two').find('a')).by).toBe('one')
    })
    expect((await new Invoices('three').find('a')).by).toBe('three')
  })

  it('keep a synchronous method synchronous', () => {
    const { cache } = testCache()
    const { Invoices, calls } = decorate(core, cache)
    const invoices = new Invoices('one')
    expect([invoices.total(1, 2), invoices.total(1, 2)]).toEqual([3, 3])
    expect(calls).toEqual(['total 1 2'])
  })

  it('take identity and key', async () => {
    const { cache } = testCache()
    const { Invoices, calls } = decorate(core, cache)
    const invoices = new Invoices('one')
    for (let time = 0; time < 2; time++) {
      expect(await invoices.of({ organization: 'acme' }, 'a')).toBe('acme a')
      expect(await invoices.of({ organization: 'globex' }, 'a')).toBe('globex a')
      expect(await invoices.keyed({ id: 'a', trace: () => {} })).toBe('a')
    }
    expect(calls).toEqual(['of acme', 'of globex', 'keyed a'])
  })

  it('work on static methods, and pass on what a method throws', async () => {
    const { cache } = testCache()
    const { Invoices } = decorate(core, cache)
    expect([await Invoices.count(), await Invoices.count()]).toEqual([1, 1])
    await expect(new Invoices('one').fails()).rejects.toThrow('no')
  })

  it('ask for their cache when a method is first called, and for each cache keep apart', async () => {
    const caches = [testCache().cache, testCache().cache]
    let asked = 0
    let current = caches[0] as core.ScopedCache
    const { Invoices, calls } = decorate(core, () => (asked++, current))
    expect(asked).toBe(0)
    const invoices = new Invoices('one')
    invoices.total(1, 2)
    current = caches[1] as core.ScopedCache
    invoices.total(1, 2)
    invoices.total(1, 2)
    expect(calls).toEqual(['total 1 2', 'total 1 2'])
    expect(caches.map((cache) => cache.stats().entries)).toEqual([1, 1])
  })

  it('refuse what they cannot do when a method is first called', () => {
    const { cache } = testCache()
    const { Invoices } = decorate(core, cache)
    cache.namespace('invoices.total', { ttl: '1s' })
    expect(() => new Invoices('one').total(1, 2)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG' }))
  })
})

describe('a decorator without a name', () => {
  it('is refused: `this` is no part of the key, so nothing would keep two classes apart', () => {
    const { cache } = testCache()
    const options = { cache, scope: 'global' } as never
    expect(() => Cached(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option: 'Cached.name' }))
    expect(() => CachedSync(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG' }))
  })
})
