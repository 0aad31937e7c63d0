import type { Clock } from '../clock.js'
import type { Flight, Settlement } from '../flight.js'
import { deadlineIn } from './deadline.js'

/** How long a request waits for somebody else's response, in milliseconds (rule R-16). */
const LIMIT = 5000

/**
 * How a load ended; `undefined` where that takes too long. The deadline is the waiting request's own: on Workers another
 * request's promise may never settle.
 */
export async function waitFor(flight: Flight, clock: Clock): Promise<Settlement | undefined> {
  const deadline = deadlineIn(LIMIT, clock)
  try {
    return await Promise.race([flight.settled, deadline.passed])
  } finally {
    deadline.cancel()
  }
}
