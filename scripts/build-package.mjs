// Builds the package in the current folder: dist/esm and dist/cjs, each with its declarations.
// Packages reach each other through their built dist (turbo builds dependencies first), never through tsconfig paths.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const TSC = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

function compile(folder, ...options) {
  const all = [TSC, '-p', 'tsconfig.build.json', '--outDir', `dist/${folder}`, ...options]
  const { status } = spawnSync(process.execPath, all, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

rmSync('dist', { recursive: true, force: true })
compile('esm', '--module', 'ESNext')
// CommonJS has no verbatim `import`, so elision of type imports is the compiler's job there.
compile('cjs', '--module', 'CommonJS', '--verbatimModuleSyntax', 'false')
// The package says "type": "module"; without this file Node would read dist/cjs as ESM.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
