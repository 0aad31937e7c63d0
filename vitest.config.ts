import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

const core = (names: string, folder = '') => names.split(' ').map((name) => `packages/core/src/${folder}${name}.ts`)

/** What decides about keys, scopes, stamps and storability: every line and branch of it is tested. */
export const DECIDING_MODULES = [
  ...core('digest id key-encoder key-text path-text http/response-keys'),
  ...core('define-scopes context http/placement identity/identity-from identity/identity-plan identity/judge'),
  ...core('invalidation deferral memory/scope-node memory/tag-marks'),
  ...core('envelope envelope-reader envelope-writer sealing stamps lookup outbox announcement seen promoted', 'store/'),
  ...core('request-gate credentials storable set-cookie variant freshness replay-fields downstream', 'http/decide/'),
  ...core('conditional written-targets', 'http/decide/'),
]

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@cacheado\/core\/http\/node$/, replacement: source('core/src/http/node/index.ts') },
      { find: /^@cacheado\/core\/(http|identity|store|testing)$/, replacement: source('core/src/$1/index.ts') },
      { find: /^@cacheado\/(core|express|hono|keyv|memcached|nestjs|redis)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // These need a build: test/vitest.dist.config.ts.
    exclude: [...configDefaults.exclude, 'test/packages/**', 'test/runtimes/**'],
    testTimeout: 20_000,
    coverage: {
      include: ['packages/core/src/**/*.ts'],
      reportOnFailure: true,
      reporter: ['text-summary', 'json-summary', 'html'],
      thresholds: {
        lines: 95,
        branches: 95,
        ...Object.fromEntries(DECIDING_MODULES.map((module) => [module, { 100: true }])),
      },
    },
  },
})
