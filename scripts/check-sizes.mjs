// The size bars: what an application adds to its bundle with core, and how much code an adapter is. Needs a build.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// 16,000 for a cache in one process, and what a second tier hooks into; its own code is in ./store.
const CORE_BYTES = 17_500
const ADAPTER_LINES = { express: 200, hono: 200, nestjs: 400 }
const packages = fileURLToPath(new URL('../packages/', import.meta.url))

async function minifiedBytes(entry) {
  const { outputFiles } = await build({
    entryPoints: [`${packages}core/dist/esm/${entry}`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    external: ['node:*', 'jose'],
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

/** Lines of code: documentation, which every export has to have, and empty lines count for nothing. */
function codeLines(name) {
  const folder = `${packages}${name}/src`
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const code = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8')).join('\n')
  const lines = code.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length
}

function report(what, size, limit, unit) {
  const verdict = size > limit ? 'TOO LARGE' : 'ok'
  console.log(`${what.padEnd(32)} ${String(size).padStart(7)} of ${String(limit).padStart(6)} ${unit}  ${verdict}`)
  if (size > limit) process.exitCode = 1
}

report('@cacheado/core, minified, gzip', await minifiedBytes('index.js'), CORE_BYTES, 'bytes')
for (const entry of [
  'http/index.js',
  'http/node/index.js',
  'identity/index.js',
  'store/index.js',
  'testing/index.js',
]) {
  console.log(
    `@cacheado/core/${entry.replace('/index.js', '').padEnd(17)} ${String(await minifiedBytes(entry)).padStart(7)}`,
  )
}
for (const [name, limit] of Object.entries(ADAPTER_LINES)) {
  report(`@cacheado/${name}, code`, codeLines(name), limit, 'lines')
}
