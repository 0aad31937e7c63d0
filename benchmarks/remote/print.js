import { duration, short, table } from '../report/table.js'

/** How each case is shown, by its name. */
const TABLES = {
  lookUps: lookUpTables,
  wire: (rows) =>
    titled('One look-up on the wire', [
      ['', 'bytes sent', 'bytes received', 'round trips', 'commands'],
      ...rows.map((row) => [
        row.name,
        ...[row.bytesSent, row.bytesReceived, row.roundTrips, row.commands].map((number) => short(number)),
      ]),
    ]),
  memoryHits: (rows) =>
    titled('Memory hits', [
      ['', 'memory alone', 'memory before Redis', '×'],
      ...rows.map(({ row, times, contenders }) => [
        row,
        ...contenders.map(({ nanoseconds }) => duration(nanoseconds)),
        short(times),
      ]),
    ]),
  invalidations: (rows) =>
    titled(
      `Invalidation of a tenant among ${Math.max(...rows.map(({ entries }) => entries)).toLocaleString('en')} entries`,
      [
        ['', 'entries', 'each', 'round trips', 'commands'],
        ...rows.map((row) => [
          row.library,
          row.entries.toLocaleString('en'),
          duration(row.nanoseconds),
          row.roundTrips === undefined ? '' : short(row.roundTrips),
          short(row.commands),
        ]),
      ],
    ),
  seen: ({ variants, entries, messagesPerScope }) =>
    titled(`Seen by another process with ${entries} entries; messages for a scope: ${short(messagesPerScope)}`, [
      ['', 'p50 µs', 'p99 µs'],
      ...variants.map((row) => [SEEN[row.name], short(row.microsecondsP50), short(row.microsecondsP99)]),
    ]),
  stampede: (rows) =>
    titled(`A cold key, ${rows[0].callers} callers in two processes, a load takes 50 ms`, [
      ['', 'loads', 'at the most', 'last caller has it after'],
      ...rows.map((row) => [
        row.lease > 0 ? 'with a lease' : 'without a lease',
        short(row.loads),
        short(row.mostLoads),
        duration(row.milliseconds * 1e6),
      ]),
    ]),
}

const SEEN = { raw: 'raw SET and PUBLISH', cacheado: 'cacheado, invalidate()' }

/** One case as text. */
export function remoteTable(name, result) {
  return TABLES[name](result)
}

function lookUpTables(rows) {
  const concurrencies = [...new Set(rows.map(({ concurrency }) => concurrency))]
  return concurrencies
    .map((concurrency) =>
      lookUpTable(
        concurrency,
        rows.filter((row) => row.concurrency === concurrency),
      ),
    )
    .join('\n\n')
}

function lookUpTable(concurrency, rows) {
  const times = rows[0].microsecondsP50 !== undefined
  const head = ['', 'look-ups/s', '× raw GET', 'µs of processor', ...(times ? ['p50 µs', '× raw GET', 'p99 µs'] : [])]
  const cells = rows.map((row) => [
    row.name,
    Math.round(row.perSecond).toLocaleString('en'),
    short(row.timesPerSecond.median),
    short(row.processorMicroseconds),
    ...(times ? [row.microsecondsP50, row.timesP50.median, row.microsecondsP99].map((number) => short(number)) : []),
  ])
  return titled(`Hits in Redis, ${concurrency} at once`, [head, ...cells])
}

function titled(title, rows) {
  return `${title}\n${table(rows)}`
}
