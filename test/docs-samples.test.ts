// Every TypeScript sample of the README files and of docs/ compiles against the sources of this repository.
//
//   ```ts            a module of its own
//   ```ts continue   goes on where the sample before it in the same file ended
//   ```ts no-check   a fragment of something that is not shown: not compiled
//
// A sample may use what test/docs-samples/ambient.d.ts declares without declaring it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
// Inside the repository, so that samples resolve what is installed here.
const WORK = join(ROOT, '.cache/docs-samples')
const FENCE = /^\s*```(?:ts|typescript)(?: +([\w-]+))?\s*$/
const MARKS = [undefined, 'continue', 'no-check']

interface Sample {
  /** The markdown file and the line its code begins at, which names the compiled file. */
  readonly file: string
  readonly line: number
  readonly mark: string | undefined
  /** The code, after as many empty lines as bring it to its own line numbers. */
  code: string
}

const folders = ['.', 'docs', ...children('packages'), ...children('examples')]
const documents = folders.flatMap(markdownIn)
const samples = documents.flatMap(samplesOf)
const modules = joined(samples.filter(({ mark }) => mark !== 'no-check'))

test('every mark on a sample is a known one', () => {
  expect(samples.filter(({ mark }) => !MARKS.includes(mark)).map(({ file, line }) => `${file}:${line}`)).toEqual([])
})

test('every sample in the documentation compiles', { timeout: 120_000 }, () => {
  rmSync(WORK, { recursive: true, force: true })
  // What a sample registers with `declare global` holds in its whole program: such a sample is one of its own.
  const global = modules.filter(({ code }) => code.includes('declare global'))
  const programs = [modules.filter((sample) => !global.includes(sample)), ...global.map((sample) => [sample])]
  expect(programs.flatMap((program, at) => errorsIn(program, join(WORK, String(at))))).toEqual([])
})

function children(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)
}

function markdownIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
  return names.map((name) => (folder === '.' ? name : `${folder}/${name}`))
}

function samplesOf(file: string): Sample[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n')
  const found: Sample[] = []
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at] as string)
    if (!fence) continue
    const end = lines.findIndex((line, index) => index > at && /^\s*```\s*$/.test(line))
    found.push({ file, line: at + 2, mark: fence[1], code: '\n'.repeat(at + 1) + lines.slice(at + 1, end).join('\n') })
    at = end
  }
  return found
}

/** Samples with those that continue them, in their places. */
function joined(all: readonly Sample[]): Sample[] {
  const found: Sample[] = []
  for (const sample of all) {
    const before = found.at(-1)
    if (sample.mark === 'continue' && before?.file === sample.file) {
      before.code += sample.code.slice(before.code.split('\n').length - 1)
    } else found.push({ ...sample })
  }
  return found
}

function errorsIn(program: readonly Sample[], folder: string): string[] {
  if (program.length === 0) return []
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(ROOT, 'test/docs-samples/ambient.d.ts'), join(folder, 'ambient.d.ts'))
  for (const { file, line, code } of program) {
    writeFileSync(join(folder, `${file.replaceAll('/', '__')}.${line}.ts`), `${code}\nexport {}\n`)
  }
  const compilerOptions = { experimentalDecorators: true, noEmit: true }
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    cwd: folder,
  })
  return status === 0 ? [] : stdout.trim().split('\n').map(asInDocument)
}

/** `docs__api.md.12.ts(14,3): error …` as `docs/api.md:14:3: error …`. */
function asInDocument(error: string): string {
  return error.replace(/^(\S+)\.md\.\d+\.ts\((\d+),(\d+)\)/, (_, name: string, line, column) => {
    return `${name.replaceAll('__', '/')}.md:${line}:${column}`
  })
}
