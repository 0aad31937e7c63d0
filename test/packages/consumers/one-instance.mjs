// `import` and `require` in one process meet the same modules: without that, #private fields fail across the pair.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const specifiers = [
  '@cacheado/core',
  '@cacheado/core/http',
  '@cacheado/core/http/node',
  '@cacheado/core/identity',
  '@cacheado/core/testing',
  '@cacheado/express',
  '@cacheado/hono',
  '@cacheado/nestjs',
]

for (const specifier of specifiers) {
  const imported = await import(specifier)
  const required = require(specifier)
  for (const name of Object.keys(required)) {
    assert.equal(imported[name], required[name], `${name} of ${specifier} exists twice`)
  }
  assert.ok(Object.keys(imported).length > 0, `${specifier} exports nothing`)
}

const { createCache } = await import('@cacheado/core')
const { cacheContext } = require('@cacheado/express')
cacheContext({ cache: createCache({ scopes: { user: 'global' } }), identity: () => ({ status: 'unresolved' }) })
console.log('one instance')
