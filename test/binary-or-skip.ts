import type { TestContext } from 'vitest'
import { runtimeBinary, type Runtime } from '../scripts/runtime-binaries.mjs'

/**
 * The path of a runtime's binary. Where this machine can have none the test ends here: skipped, with the reason; or
 * failed, where `CACHEADO_REQUIRE_RUNTIMES` is set, as CI does.
 */
export function binaryOrSkip(name: Runtime, context: TestContext): string {
  const found = runtimeBinary(name)
  if ('path' in found) return found.path
  if (process.env['CACHEADO_REQUIRE_RUNTIMES']) throw new Error(found.missing)
  console.warn(`skipped: ${found.missing}`)
  return context.skip(found.missing)
}
