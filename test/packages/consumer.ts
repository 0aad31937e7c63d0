// The packages as `npm publish` would send them, and applications outside the repository that install them.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const PACKAGES = ['core', 'express', 'hono', 'nestjs', 'redis', 'memcached', 'keyv']

const PROGRAMS = fileURLToPath(new URL('./consumers', import.meta.url))
const work = await mkdtemp(join(tmpdir(), 'cacheado-packages-'))

export async function removeConsumers(): Promise<void> {
  await rm(work, { recursive: true, force: true })
}

/** What a command prints; where it fails, an error with all that it printed. */
export async function outputOf(command: string, options: readonly string[], cwd = work): Promise<string> {
  const { failed, stdout, stderr } = await run(command, options, cwd)
  if (failed) throw new Error(`${command} ${options.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

/** Compiles a program with a compiler of the application; what is wrong with it or with our declarations. */
export async function compile(program: string, compiler: string, ...options: string[]): Promise<string[]> {
  const tsc = join(program, '../node_modules', compiler, 'bin/tsc')
  const { stdout } = await run('node', [tsc, '-p', program, '--pretty', 'false', ...options], program)
  // A framework's own declarations may need a newer compiler than ours do.
  return stdout.split('\n').filter((line) => line.includes('error TS') && !/node_modules\/(?!@cacheado\/)/.test(line))
}

function run(command: string, options: readonly string[], cwd: string) {
  const env = { ...process.env, NO_COLOR: '1', NODE_ENV: 'test' }
  return new Promise<{ failed: boolean; stdout: string; stderr: string }>((resolve) => {
    execFile(command, options, { cwd, env, timeout: 100_000 }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, stdout, stderr })
    })
  })
}

/** Packs every package; resolves to what an application depends on: `{ '@cacheado/core': 'file:…/core.tgz' }`. */
export async function packAll(): Promise<Record<string, string>> {
  const folder = join(work, 'tarballs')
  await mkdir(folder)
  const workspaces = PACKAGES.flatMap((name) => ['--workspace', `packages/${name}`])
  const printed = await outputOf('npm', ['pack', '--json', '--pack-destination', folder, ...workspaces], ROOT)
  const packed = JSON.parse(printed) as { name: string; filename: string }[]
  return Object.fromEntries(packed.map(({ name, filename }) => [name, `file:${join(folder, filename)}`]))
}

/** A new application with these dependencies, installed from the tarballs and from npm's own cache where it has them. */
export async function installConsumer(name: string, dependencies: Record<string, string>): Promise<string> {
  const folder = join(work, name)
  await cp(PROGRAMS, folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await outputOf('npm', ['install', '--prefer-offline', '--no-package-lock', '--ignore-scripts'], folder)
  return folder
}

/** A copy of a program in the application, as a package of this type (`module` or `commonjs`). */
export async function addProgram(
  folder: string,
  program: string,
  { as, type }: { as: string; type: string },
): Promise<string> {
  await cp(join(PROGRAMS, program), join(folder, as), { recursive: true })
  await writeFile(join(folder, as, 'package.json'), JSON.stringify({ private: true, type }))
  return join(folder, as)
}

/** The versions of these packages that the repository is tested with. */
export async function sameVersions(names: readonly string[]): Promise<Record<string, string>> {
  const entries = names.map(async (name) => {
    const manifest = await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
    return [name, (JSON.parse(manifest) as { version: string }).version] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
