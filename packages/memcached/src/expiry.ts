/** Memcached takes more seconds than these for a point in time. */
const LONGEST_RELATIVE = 30 * 24 * 60 * 60

/**
 * How long Memcached is to keep an entry that lives `ttl` milliseconds: seconds from now up to 30 days, seconds since 1970 above.
 * Rounded up, and one more: its clock ticks once a second, so an entry of one second could else be gone after some milliseconds.
 */
export function expiry(ttl: number, now = Date.now()): number {
  const seconds = Math.ceil(ttl / 1000) + 1
  return seconds <= LONGEST_RELATIVE ? seconds : Math.ceil(now / 1000) + seconds
}
