import { startRedis } from './redis-server.js'

/** A Redis to talk to: it may be somebody else's, so a test writes under keys of its own and stops nothing. */
export interface AnyRedis {
  readonly url: string
  /** Ends it where it is ours. */
  close(): Promise<void>
}

/** The Redis behind `REDIS_URL`, or else one of our own: for tests that run against any, as a Valkey in CI. */
export async function anyRedis(): Promise<AnyRedis> {
  const url = process.env['REDIS_URL']
  return url ? { url, close: async () => {} } : startRedis()
}
