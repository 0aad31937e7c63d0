import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until it holds. What throws does not hold yet. @throws Error with `what` after `deadline` milliseconds */
export async function until(what: string, holds: () => unknown, deadline = 15_000): Promise<void> {
  const end = performance.now() + deadline
  let cause: unknown
  for (;;) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${deadline} ms`, { cause })
    await pause(10)
  }
}
