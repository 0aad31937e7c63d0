import { ID_BYTES } from './envelope.js'

/** Ids that one call to the platform fills. */
const POOLED = 256

let pool: Uint8Array | undefined
let used = 0

/** 16 random bytes: a write id or a stamp. Nothing is drawn before the first is asked for. */
export function randomId(): Uint8Array {
  if (pool === undefined || used === pool.length) {
    pool ??= new Uint8Array(POOLED * ID_BYTES)
    globalThis.crypto.getRandomValues(pool)
    used = 0
  }
  return pool.slice(used, (used += ID_BYTES))
}
