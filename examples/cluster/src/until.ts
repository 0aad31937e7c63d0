import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until it holds; how many milliseconds that took. What throws does not hold yet. @throws Error after ten seconds */
export async function until(what: string, holds: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    if (await holds().catch(() => false)) return performance.now() - startedAt
    if (performance.now() - startedAt > 10_000) throw new Error(`${what}: not within ten seconds`)
    await pause(2)
  }
}
