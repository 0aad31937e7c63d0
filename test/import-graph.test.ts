// The import rules of the design, checked on every source file: who may know whom, and what is reached when.
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'
import { describe, expect, test } from 'vitest'
import { DECIDING_MODULES } from '../vitest.config.js'

interface Import {
  /** The importing file, from the packages folder: `core/src/index.ts`. */
  readonly file: string
  readonly specifier: string
  /** `type` imports leave nothing at run time; `lazy` ones are reached when called for. */
  readonly kind: 'static' | 'type' | 'lazy'
}

interface Manifest {
  readonly exports: Record<string, unknown>
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

const ROOT = fileURLToPath(new URL('../packages/', import.meta.url))
const ADAPTERS = ['express', 'hono', 'nestjs']
const STORES = ['redis', 'memcached', 'keyv']
const PACKAGES = ['core', ...ADAPTERS, ...STORES]
const BUILTINS = new Set(builtinModules)

const sources = PACKAGES.flatMap((name) =>
  readdirSync(`${ROOT}${name}/src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${name}/src/${file.replaceAll('\\', '/')}`),
)
const imports = sources.flatMap(importsOf)

const manifest = (name: string) => JSON.parse(readFileSync(`${ROOT}${name}/package.json`, 'utf8')) as Manifest
const shown = (found: readonly Import[]) => found.map(({ file, specifier }) => `${file} imports ${specifier}`)
const isRelative = ({ specifier }: Import) => specifier.startsWith('.')
const isBuiltin = ({ specifier }: Import) => specifier.startsWith('node:') || BUILTINS.has(specifier)
const isIn =
  (...folders: string[]) =>
  ({ file }: { file: string }) =>
    folders.some((folder) => file.startsWith(folder))

describe('core', () => {
  const fromCore = imports.filter(isIn('core/'))

  test('has no runtime dependency', () => {
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = manifest('core')
    expect(Object.keys({ ...dependencies, ...optionalDependencies })).toEqual([])
    expect(Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)).toEqual([])
  })

  test('imports nothing but its own files, and jose where a token is verified', () => {
    const foreign = fromCore.filter((found) => !isRelative(found) && !isBuiltin(found))
    const allowed = (found: Import) =>
      found.specifier === 'jose' && found.kind !== 'static' && isIn('core/src/identity/')(found)
    expect(shown(foreign.filter((found) => !allowed(found)))).toEqual([])
  })

  test('imports modules of Node only where it serves Node', () => {
    const builtins = fromCore.filter((found) => isBuiltin(found) && found.kind !== 'type')
    expect(shown(builtins.filter((found) => !isIn('core/src/http/node/')(found)))).toEqual([])
  })

  test('knows no HTTP and no identity outside their folders', () => {
    const cache = fromCore.filter((found) => !isIn('core/src/http/', 'core/src/identity/', 'core/src/testing/')(found))
    expect(shown(cache.filter(reaches('core/src/http/', 'core/src/identity/', 'core/src/testing/')))).toEqual([])
  })

  test('reaches the second tier by types alone: a cache without a store carries none of its code', () => {
    const cache = fromCore.filter((found) => !isIn('core/src/store/', 'core/src/testing/')(found))
    expect(shown(cache.filter((found) => found.kind !== 'type' && reaches('core/src/store/')(found)))).toEqual([])
  })

  test('keeps what serves Node out of the engine, and the engine out of identity', () => {
    const engine = fromCore.filter((found) => isIn('core/src/http/')(found) && !isIn('core/src/http/node/')(found))
    expect(shown(engine.filter(reaches('core/src/http/node/')))).toEqual([])
    expect(shown(fromCore.filter(isIn('core/src/identity/')).filter(reaches('core/src/http/')))).toEqual([])
  })
})

describe.each([...ADAPTERS, ...STORES])('the package for %s', (name) => {
  const fromAdapter = imports.filter(isIn(`${name}/`))
  const { dependencies = {}, peerDependencies = {} } = manifest(name)
  const coreExports = Object.keys(manifest('core').exports).map((path) => posix.join('@cacheado/core', path))

  test('reaches core only through its exports', () => {
    const ofCore = fromAdapter.filter(({ specifier }) => specifier.startsWith('@cacheado/'))
    expect(shown(ofCore.filter(({ specifier }) => !coreExports.includes(specifier)))).toEqual([])
  })

  test('imports only packages that it declares', () => {
    const declared = Object.keys({ ...dependencies, ...peerDependencies })
    const packages = fromAdapter.filter((found) => !isRelative(found) && !isBuiltin(found))
    expect(shown(packages.filter(({ specifier }) => !declared.includes(packageOf(specifier))))).toEqual([])
  })
})

test('no package reaches another by a path', () => {
  const leaving = imports.filter((found) => isRelative(found) && !targetOf(found).startsWith(ownSources(found)))
  expect(shown(leaving)).toEqual([])
})

test('every relative import names a source file', () => {
  const missing = imports.filter((found) => isRelative(found) && !sources.includes(targetOf(found)))
  expect(shown(missing)).toEqual([])
})

test('no module imports itself by way of others', () => {
  expect(cycles()).toEqual([])
})

test('the context is entered with run, never with enterWith', () => {
  expect(sources.filter((file) => /\benterWith\b/.test(codeOf(file)))).toEqual([])
})

test('every module whose coverage has to be complete is there', () => {
  expect(DECIDING_MODULES.filter((module) => !sources.includes(module.replace('packages/', '')))).toEqual([])
})

test('the lock file names no registry', () => {
  const lock = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')
  expect(lock.match(/"resolved": "\w+:.*"/g) ?? []).toEqual([])
})

function codeOf(file: string): string {
  return readFileSync(ROOT + file, 'utf8')
}

function importsOf(file: string): Import[] {
  const code = codeOf(file)
  const { module } = parseSync(file, code)
  const found: Import[] = []
  for (const { start, end, moduleRequest } of module.staticImports) {
    found.push({ file, specifier: moduleRequest.value, kind: kindOf(code.slice(start, end)) })
  }
  for (const { start, end, entries } of module.staticExports) {
    const specifier = entries[0]?.moduleRequest?.value
    if (specifier !== undefined) found.push({ file, specifier, kind: kindOf(code.slice(start, end)) })
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const specifier = code.slice(moduleRequest.start, moduleRequest.end).replaceAll(/^['"`]|['"`]$/g, '')
    found.push({ file, specifier, kind: 'lazy' })
  }
  return found
}

/** `import { type A } from 'a'` still loads `a` under verbatimModuleSyntax: only a whole statement is erased. */
function kindOf(statement: string): Import['kind'] {
  return /^(import|export)\s+type\s/.test(statement) ? 'type' : 'static'
}

function targetOf({ file, specifier }: Import): string {
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
}

function ownSources({ file }: Import): string {
  return file.slice(0, file.indexOf('/src/') + '/src/'.length)
}

function reaches(...folders: string[]): (found: Import) => boolean {
  return (found) => isRelative(found) && folders.some((folder) => targetOf(found).startsWith(folder))
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Depth first over the imports that exist at run time; a file met again on its own path closes a cycle. */
function cycles(): string[] {
  const edges = new Map<string, string[]>()
  for (const found of imports) {
    if (!isRelative(found) || found.kind !== 'static') continue
    edges.set(found.file, [...(edges.get(found.file) ?? []), targetOf(found)])
  }
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file) || path.includes(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return found
}
