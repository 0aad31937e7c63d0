import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@cacheado\/core\/http\/node$/, replacement: source('core/src/http/node/index.ts') },
      { find: /^@cacheado\/core\/(http|identity|testing)$/, replacement: source('core/src/$1/index.ts') },
      { find: /^@cacheado\/(core|express|hono|nestjs)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
