import type { RemoteStats, StoreEventKind } from '@cacheado/core'
import { setTimeout as pause } from 'node:timers/promises'
import type { ErrorReply } from '../../engines/proxy-rules.js'
import type { Bench, BenchOptions } from './bench.js'
import { changeEntries, flipBits, replaceByLists, setFormat } from './entries.js'

/** One row of the matrix: what breaks, how it heals, and what the row promises. */
export interface Cell extends BenchOptions {
  /** Of the catalogue (security.md §5.4), with what is special about this cell. */
  readonly fault: string
  begin(bench: Bench): Promise<unknown> | void
  heal?(bench: Bench): Promise<unknown> | void
  /** What becomes of an invalidation during the fault; by default it waits for the store. */
  readonly invalidation?: 'applied' | 'queued' | 'either'
  /** Whether the second tier is used throughout: then hits go on, and no request waits for a deadline. */
  readonly isMild?: boolean
  /** Part of the reads that may wait for a deadline, where the store comes and goes; by default a few after its loss. */
  readonly waitingShare?: number
  /** Milliseconds that the fault itself adds to a read. */
  readonly adds?: number
  /** Keys of others survive it. */
  readonly losesAll?: boolean
  readonly events?: readonly StoreEventKind[]
  readonly counts?: readonly (keyof RemoteStats)[]
}

const proxied = (fault: string, rules: Parameters<Bench['proxy']['rules']>[0], more: Partial<Cell> = {}): Cell => ({
  fault,
  begin: ({ proxy }) => proxy.rules(rules),
  heal: ({ proxy }) => proxy.rules(),
  ...more,
})

const restored: Pick<Cell, 'events'> = { events: ['reads-down', 'reads-up', 'queued', 'replayed'] }

const gone: readonly Cell[] = [
  {
    fault: 'F01 Redis never up',
    absent: true,
    begin: () => {},
    heal: ({ redis }) => redis.restart(),
    losesAll: true,
    ...restored,
  },
  {
    fault: 'F02 kill -9 under load',
    begin: ({ redis }) => redis.kill(),
    heal: ({ redis }) => redis.restart(),
    losesAll: true,
    ...restored,
  },
  {
    fault: 'F03 restart, empty',
    begin: ({ redis }) => redis.restart(),
    invalidation: 'either',
    losesAll: true,
    events: ['bus-down', 'bus-up'],
  },
  {
    fault: 'F04 restart with old data',
    async begin({ redis, truth }) {
      await redis.call('SAVE')
      // What is invalidated meanwhile is acknowledged by Redis and lost by it.
      await pause(500)
      truth.lostAt = Infinity
      await redis.restart()
      truth.lostAt = performance.now()
    },
    invalidation: 'either',
    events: ['replayed'],
  },
]

const frozen: readonly Cell[] = [
  {
    fault: 'F05 SIGSTOP',
    begin: ({ redis }) => redis.stop(),
    heal: ({ redis }) => redis.continue(),
    counts: ['timeouts'],
    ...restored,
  },
  {
    fault: 'F06 CLIENT PAUSE',
    begin: ({ redis }) => redis.call('CLIENT', 'PAUSE', '1500'),
    counts: ['timeouts'],
    ...restored,
  },
  {
    fault: 'F07 DEBUG SLEEP',
    redisArgs: ['--enable-debug-command', 'local'],
    begin: ({ redis }) => void redis.call('DEBUG', 'SLEEP', '1.5'),
    counts: ['timeouts'],
    ...restored,
  },
  proxied('F08 50 ms of latency', { delay: 50 }, { invalidation: 'applied', isMild: true, adds: 50 }),
  proxied('F08 300 ms of latency', { delay: 300 }, { counts: ['timeouts'], ...restored }),
  proxied('F08 1 s of latency', { delay: 1000 }, { counts: ['timeouts'], ...restored }),
  proxied('F09 up to 500 ms of jitter', { jitter: 500 }, { invalidation: 'either', waitingShare: 0.3 }),
  proxied('F10 black hole', { blackHole: true }, { counts: ['timeouts'], ...restored }),
]

const broken: readonly Cell[] = [
  proxied('F11 RST mid-reply', { replies: { '*': 'reset' } }, restored),
  proxied('F12 replies in fragments', { fragment: 16 }, { invalidation: 'applied', isMild: true, adds: 20 }),
  proxied('F13 truncated replies, then FIN', { replies: { '*': 'truncate' } }, restored),
  proxied('F14 garbage', { replies: { '*': 'garbage' } }, { ...restored, counts: ['errors'] }),
  proxied(
    'F15 one extra reply each time',
    { replies: { GET: 'insert', MGET: 'insert' } },
    { invalidation: 'either', waitingShare: 0.3, counts: ['mismatches'], events: ['mismatch'] },
  ),
  proxied(
    'F16 swapped replies',
    { replies: { GET: 'swap', MGET: 'swap' } },
    { invalidation: 'either', waitingShare: 0.3, counts: ['mismatches'], events: ['mismatch'] },
  ),
  proxied(
    'F17 duplicated replies',
    { replies: { GET: 'duplicate', MGET: 'duplicate' } },
    // A reply that nobody asked for ends the connection before anybody can take it for his own.
    { invalidation: 'either', waitingShare: 0.3, counts: ['errors'] },
  ),
]

const OF_ALL = ['LOADING', 'NOAUTH', 'NOPERM', 'BUSY', 'CLUSTERDOWN', 'TRYAGAIN'] as const
const OF_WRITES = ['READONLY', 'OOM', 'MISCONF'] as const
const writesFail = (error: ErrorReply) => ({ errors: { SET: error, EVAL: error, EVALSHA: error, UNLINK: error } })

const refused: readonly Cell[] = [
  ...OF_ALL.map((error) => proxied(`F18 ${error}`, { errors: { '*': error } }, { counts: ['errors'], ...restored })),
  ...OF_WRITES.map((error) =>
    proxied(`F18 ${error}`, writesFail(error), {
      isMild: true,
      counts: ['errors', 'dropped'],
      events: ['writes-down', 'writes-up', 'queued', 'replayed'],
    }),
  ),
  proxied('F18 NOSCRIPT', { errors: { EVALSHA: 'NOSCRIPT' } }, { invalidation: 'applied', isMild: true }),
  proxied('F18 WRONGTYPE', { errors: { GET: 'WRONGTYPE' } }, { invalidation: 'applied' }),
  {
    fault: 'F18 MAXCLIENTS',
    begin({ proxy }) {
      proxy.rules({ greeting: 'MAXCLIENTS' })
      proxy.reset()
    },
    heal: ({ proxy }) => proxy.rules(),
    ...restored,
  },
  {
    fault: 'F19 connections refused',
    begin({ proxy }) {
      proxy.refuse()
      proxy.reset()
    },
    heal: ({ proxy }) => proxy.accept(),
    ...restored,
  },
  {
    fault: 'F20 DNS failure',
    begin({ proxy, names }) {
      names.areKnown = false
      proxy.reset()
    },
    heal: ({ names }) => void (names.areKnown = true),
    ...restored,
  },
]

const lost: readonly Cell[] = [
  proxied('F21 only the bus is dead', (connection) => (connection.isSubscriber ? { blackHole: true } : undefined), {
    invalidation: 'applied',
    isMild: true,
    events: ['bus-down', 'bus-up'],
  }),
  proxied(
    'F22 messages lost, doubled and swapped',
    { messages: { drop: 0.1, duplicate: 0.1, reorder: 0.1 } },
    { invalidation: 'applied', isMild: true, events: ['bus-gap'], counts: ['gaps'] },
  ),
  { fault: 'F23 FLUSHALL', begin: ({ redis }) => redis.call('FLUSHALL'), invalidation: 'applied', losesAll: true },
  {
    fault: 'F24 eviction',
    async begin({ redis }) {
      await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      await redis.call('CONFIG', 'SET', 'maxmemory', '2mb')
    },
    heal: ({ redis }) => redis.call('CONFIG', 'SET', 'maxmemory', '0'),
    invalidation: 'either',
    losesAll: true,
  },
  {
    fault: 'F25 SCRIPT FLUSH',
    begin: ({ redis }) => redis.call('SCRIPT', 'FLUSH'),
    invalidation: 'applied',
    isMild: true,
  },
]

const spoilt: readonly Cell[] = [
  {
    fault: 'F28 corrupt entries',
    begin: ({ redis }) => changeEntries(redis, flipBits),
    invalidation: 'applied',
    counts: ['corrupt'],
    events: ['corrupt'],
  },
  {
    fault: 'F28 lists in place of entries',
    begin: ({ redis }) => replaceByLists(redis),
    invalidation: 'applied',
  },
  {
    fault: 'F29 entries of a newer format',
    begin: ({ redis }) => changeEntries(redis, setFormat(99)),
    invalidation: 'applied',
    counts: ['foreign'],
    events: ['foreign'],
  },
  {
    fault: 'F29 entries of an older format',
    begin: ({ redis }) => changeEntries(redis, setFormat(0)),
    invalidation: 'applied',
    counts: ['foreign'],
    events: ['foreign'],
  },
]

export const CELLS: readonly Cell[] = [...gone, ...frozen, ...broken, ...refused, ...lost, ...spoilt]
