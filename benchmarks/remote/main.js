import { pinned } from '../processes.js'
import { hasRedis, startRedis } from '../redis/server.js'
import { remoteBars } from './bars.js'
import { benchSeen, benchStampede } from './between-processes.js'
import { benchInvalidations } from './invalidations.js'
import { benchLookUps, benchWire } from './look-ups.js'
import { benchMemoryHits } from './memory-hits.js'

const FULL = {
  lookUps: { rounds: 11, warmUp: 3, milliseconds: 500 },
  wire: { operations: 1000 },
  memoryHits: { processes: 5, size: 10_000, rounds: 7, warmUp: 1, roundTime: 50 },
  invalidations: { entries: 1_000_000, rounds: 500, removals: { small: 7, large: 3 } },
  seen: { invalidations: 3000, warmUp: 2000 },
  stampede: { rounds: 15 },
}
const QUICK = {
  lookUps: { rounds: 1, warmUp: 0, milliseconds: 50 },
  wire: { operations: 20 },
  memoryHits: { processes: 1, size: 1000, rounds: 3, warmUp: 0, roundTime: 5 },
  invalidations: { entries: 5000, rounds: 5, removals: { small: 1, large: 1 } },
  seen: { invalidations: 20, warmUp: 5 },
  stampede: { rounds: 1 },
}

/** In the order in which they run; a server that is asked as fast as it can answer stays on a processor of its own. */
const CASES = [
  { name: 'lookUps', run: benchLookUps, processor: 0 },
  { name: 'wire', run: benchWire, sameServer: true },
  { name: 'memoryHits', run: benchMemoryHits },
  { name: 'invalidations', run: benchInvalidations, sameServer: true },
  { name: 'seen', run: benchSeen, sameServer: true },
  { name: 'stampede', run: benchStampede, sameServer: true },
]

/**
 * Runs every case on a redis-server of its own; `onCase` hears of each as it is done. `undefined` where there is no Redis.
 */
export async function benchRemote({ quick, onCase }) {
  if (!hasRedis) return undefined
  const plan = quick ? QUICK : FULL
  const results = {}
  let redis
  try {
    for (const { name, run, processor, sameServer = false } of CASES) {
      if (!sameServer) {
        await redis?.close()
        redis = await startRedis({ processor })
      }
      results[name] = await run(redis, plan[name])
      onCase(name, results[name])
    }
    return { redis: redis.version, pinned, plan, bars: remoteBars(results), ...results }
  } finally {
    await redis?.close()
  }
}
