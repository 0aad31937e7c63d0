import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

let bundle: string | undefined

/** The core's main entry as one file that a plain `node` can import: its URL. Built once for each test file. */
export function bundledCore(): string {
  if (bundle === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'cacheado-core-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const outfile = join(folder, 'core.mjs')
    const entryPoints = [fileURLToPath(new URL('../../src/index.ts', import.meta.url))]
    buildSync({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'neutral', target: 'es2022' })
    bundle = pathToFileURL(outfile).href
  }
  return bundle
}
