// Tests of what is published: they need `npm run build` first and import nothing from src.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/packages/**/*.test.ts', 'test/runtimes/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
