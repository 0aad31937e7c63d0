import { atLeast, atMost } from '../report/figures.js'

/** R1: microseconds of the client's processor for one read. */
const MOST_PROCESSOR = 6
/** A look-up is one trip; a heartbeat that falls into one of a thousand is none of its own. */
const ONE_TRIP = 1.01

/** What the second tier promises, as numbers that `npm run bench` checks. */
export function remoteBars({ lookUps, wire, memoryHits, invalidations, seen, stampede }) {
  const read = (name, concurrency) => lookUps.find((row) => row.name === name && row.concurrency === concurrency)
  const large = Math.max(...invalidations.map(({ entries }) => entries))
  const invalidated = (entries) =>
    invalidations.find((row) => row.library === 'cacheado' && (row.entries === large) === (entries === large))
  return [
    ...CACHEADO.flatMap(({ name, bar }) => [
      atLeast(`${name}: look-ups/s × raw GET at 50`, bar, read(name, 50).timesPerSecond.median),
      atMost(`${name}: µs of processor at 50`, MOST_PROCESSOR, read(name, 50).processorMicroseconds),
      atMost(`${name}: p50 × raw GET at 1`, 1.05, read(name, 1).timesP50.median),
      atMost(`${name}: round trips`, ONE_TRIP, wire.find((row) => row.name === name).roundTrips),
    ]),
    ...memoryHits.map(({ row, times }) => atMost(`${row}, memory before Redis × memory alone`, 1.1, times)),
    atMost(
      `invalidate ${large.toLocaleString('en')} entries × 10 entries`,
      SAME,
      invalidated(large).nanoseconds / invalidated(10).nanoseconds,
    ),
    atMost('invalidate: round trips', 2, Math.max(invalidated(large).roundTrips, invalidated(10).roundTrips)),
    atMost('invalidation seen by another process, p50 in µs', 100, variant(seen, 'cacheado').microsecondsP50),
    atMost('messages for one invalidated scope', 1, seen.messagesPerScope),
    atMost('loads of a cold key in two processes with a lease', 1, stampede.find(({ lease }) => lease > 0).mostLoads),
  ]
}

const CACHEADO = [
  { name: 'cacheado, stamps in memory', bar: 0.75 },
  { name: 'cacheado, stamps in Redis', bar: 0.55 },
  { name: 'cacheado, stamps in Redis, user', bar: 0.55 },
]

/** Constant, but for what two medians of the same differ by. */
const SAME = 1.2

function variant({ variants }, name) {
  return variants.find((one) => one.name === name)
}
