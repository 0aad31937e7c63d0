import { afterAll, beforeAll, expect } from 'vitest'

/** Fails the file where a promise was rejected and nobody had looked. */
export function expectNoUnhandledRejection(): void {
  const seen: unknown[] = []
  const listen = (reason: unknown) => void seen.push(reason)
  beforeAll(() => void process.on('unhandledRejection', listen))
  afterAll(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    expect(seen).toEqual([])
  })
}
