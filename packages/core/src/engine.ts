import { Background } from './background.js'
import { CacheError, configError } from './cache-error.js'
import { systemClock, type Clock } from './clock.js'
import { Context } from './context.js'
import { scopeForest, type LevelNode, type ScopeForest } from './define-scopes.js'
import { normalizeId } from './id.js'
import { KeyEncoders, type KeyEncoder } from './key-encoder.js'
import { mapKey, type Key, type MapKey } from './key-text.js'
import type { LoadContext } from './load-context.js'
import type { Duration } from './duration.js'
import type { ValueCodec } from './value-codec.js'
import type { Logger } from './logger.js'
import { byteSize, type ByteSize } from './memory/byte-size.js'
import type { EvictionPolicy } from './memory/eviction-policy.js'
import { MemoryTier } from './memory/memory-tier.js'
import { Place } from './memory/place.js'
import { evictionPolicy, type EvictionPolicyName } from './memory/policies.js'
import type { ScopeNode } from './memory/scope-node.js'
import type { Limits, Space } from './memory/space.js'
import {
  DEFAULT_POLICY,
  POLICY_OPTIONS,
  refuseUnknown,
  resolvePolicy,
  type Policy,
  type ResolvedPolicy,
} from './policy.js'
import type { Remote, RemoteStore } from './remote.js'
import type { LevelMap, Scopes } from './scope-types.js'
import { Signals, type BypassReason, type CacheEvent } from './signals.js'
import { valuesMode, type ValuesMode } from './values.js'

/** Bounds and policy of the values kept in this process. */
export interface MemoryOptions {
  /** Entries at the most. Default: 10,000. `Infinity` for no bound. */
  readonly maxEntries?: number | undefined
  /** Estimated bytes at the most: a number, or a text such as `'64mb'`. Default: `'64mb'`. `Infinity` for no bound. */
  readonly maxBytes?: ByteSize | undefined
  /**
   * With a store: how long a value is served from memory before it is compared with the store again. What other processes
   * invalidate reaches this one's memory at once through the store's bus; this bounds what may have been missed unnoticed.
   * Default: `'30s'` with a store that has a bus, `'1s'` with one that has none and while the bus is down.
   */
  readonly revalidateAfter?: Duration | undefined
  /**
   * With a store: how long past that a value is served from memory while the store cannot be asked, up to its own lifetime.
   * Default: `'max'`, for as long as it is fresh; 0 trusts nothing that cannot be compared.
   */
  readonly trustWhileDown?: Duration | 'max' | undefined
  /** Who leaves for lack of room: a name or a policy of your own. Default: `'second-chance'`. */
  readonly policy?: EvictionPolicyName | EvictionPolicy | undefined
}

/** What a call does where the caller's scope is not known: run uncached, or throw `ERR_CACHE_SCOPE`. */
export type OnMissingScope = 'run' | 'throw'

/** Options of `createCache`. */
export interface CacheOptions extends Policy {
  /** The application's scopes: what `defineScopes` returns, or a plain map of level to the level above it. Default: only `global`. */
  readonly scopes?: Scopes | LevelMap | undefined
  /** The second tier, shared by all processes: `redisStore(…)`, `memcachedStore(…)`, or `defineStore(…)` around your own. Default: none. */
  readonly remote?: RemoteStore | undefined
  /** The memory tier; `false` keeps nothing in this process. Default: 10,000 entries, 64 MiB, second chance. */
  readonly memory?: MemoryOptions | false | undefined
  /** What happens to values between the cache and its readers. Default: `'share'` in production, else `'freeze'`. */
  readonly values?: ValuesMode | undefined
  /** Part of every path in stores that outlive the process: change it and everything kept there is out of reach. Default: none. */
  readonly version?: string | number | undefined
  /** What wrapped functions, decorators and routes do where the caller cannot be placed. Default: `'run'`. */
  readonly onMissingScope?: OnMissingScope | undefined
  /** How instances of classes enter keys; see `keyEncoder`. Default: none, an instance in a key throws. */
  readonly keyEncoders?: readonly KeyEncoder[] | undefined
  /** Where messages go: `console`, pino, or any object of that shape. Default: nowhere. */
  readonly logger?: Logger | undefined
  /** Where time comes from. Default: the platform's clocks. */
  readonly clock?: Clock | undefined
  /** Keeps the platform alive for background work, as Workers need it. Default: nothing does. */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

const CACHE_OPTIONS = [
  ...POLICY_OPTIONS,
  ...[
    'scopes',
    'remote',
    'memory',
    'values',
    'version',
    'onMissingScope',
    'keyEncoders',
    'logger',
    'clock',
    'waitUntil',
  ],
]
const MEMORY_OPTIONS = ['maxEntries', 'maxBytes', 'revalidateAfter', 'trustWhileDown', 'policy']
const STORE_ONLY = ['revalidateAfter', 'trustWhileDown'] as const
const NO_MEMORY: MemoryOptions = { maxEntries: 0, maxBytes: 0 }
/** With a store, what is read passes through memory: for the time of an operation, and compared on each use. */
const PASSAGE: MemoryOptions = { maxEntries: 256, maxBytes: '16mb', revalidateAfter: 0, trustWhileDown: 0 }

/** What all parts of one cache share. */
export class Engine {
  readonly forest: ScopeForest
  readonly clock: Clock
  readonly signals: Signals
  readonly tier: MemoryTier
  readonly context: Context
  readonly policy: ResolvedPolicy
  readonly values: ValuesMode
  readonly version: string
  readonly onMissingScope: OnMissingScope
  readonly background: Background
  readonly encoders: KeyEncoders
  readonly memory: MemoryOptions
  /** Values of this package itself that travel in a form of their own: stored responses. */
  readonly codecs: ValueCodec[] = []
  /** The second tier, where there is one. */
  readonly remote: Remote | undefined
  /** Loads under way, so that `close` can abort them. */
  readonly loads = new Set<LoadContext<unknown>>()
  closed = false

  constructor(options: CacheOptions) {
    refuseUnknown(options, CACHE_OPTIONS)
    this.policy = resolvePolicy(options, DEFAULT_POLICY)
    this.forest = scopeForest(options.scopes)
    this.clock = clockOption(options.clock)
    this.values = valuesMode(options.values)
    this.version = options.version === undefined ? '' : String(options.version)
    this.onMissingScope = missingScopeOption(options.onMissingScope, 'onMissingScope') ?? 'run'
    this.encoders = new KeyEncoders(options.keyEncoders)
    this.signals = new Signals(options.logger)
    this.context = new Context(this.forest)
    this.background = new Background(options.waitUntil, (error) => this.failed(error))
    this.memory = options.memory === false ? (options.remote ? PASSAGE : NO_MEMORY) : (options.memory ?? {})
    refuseUnknown(this.memory, MEMORY_OPTIONS, 'memory')
    const { maxEntries = 10_000, maxBytes = '64mb', policy } = this.memory
    this.tier = new MemoryTier({
      forest: this.forest,
      clock: this.clock,
      signals: this.signals,
      policy: evictionPolicy(policy),
      limits: resolveLimits({ maxEntries, maxBytes }, 'memory'),
    })
    const idle = options.remote === undefined && STORE_ONLY.find((name) => this.memory[name] !== undefined)
    if (idle) throw configError(`memory.${idle}`, 'nothing without a second tier: see remote')
    if (options.remote !== undefined && typeof options.remote?.open !== 'function') {
      throw configError('remote', 'redisStore(…), or defineStore(…) around a store of your own')
    }
    this.remote = this.tier.remote = options.remote?.open(this)
  }

  /**
   * The place of these ids in a namespace.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, a missing or an invalid id
   */
  place(space: Space, levelName: string, ids: Readonly<Record<string, unknown>>): Place {
    const level = this.forest.level(levelName)
    return new Place(this.tier, space, level, this.#knownNode(level, ids) ?? checkedPath(level, ids))
  }

  /**
   * The caller's own place, or `undefined` where the context does not say who asks.
   *
   * @throws CacheError `ERR_CACHE_CONTEXT` where the platform has no asynchronous context
   */
  currentPlace(space: Space, level: LevelNode): Place | undefined {
    if (level.path.length > 0) this.context.require()
    const ids = this.context.pathIds(level)
    return ids && new Place(this.tier, space, level, ids)
  }

  /** The kept form of a key, or `undefined` where it is too long to be cached. */
  key(key: Key): MapKey | undefined {
    return mapKey(key, this.encoders)
  }

  /** Counts and tells that a call runs as if there were no cache. */
  bypass(reason: BypassReason, space: Space, level: string, detail?: string): void {
    space.counters.bypasses++
    this.signals.emit('bypass', { reason, namespace: space.name, level, detail })
  }

  /** Tells of a failure that no caller is told of. */
  failed(error: unknown, at: CacheEvent = { namespace: '', level: '' }): void {
    this.signals.emit('error', { ...at, error })
    this.signals.log.debug('something failed in the background', { ...at })
  }

  /** The scope's node where it is already there: its ids were checked when it was made, so a hit checks none. */
  #knownNode(level: LevelNode, ids: Readonly<Record<string, unknown>>): ScopeNode | undefined {
    let node: ScopeNode | undefined = this.tier.root
    for (let at = 0; node !== undefined && at < level.path.length; at++) {
      const step = level.path[at] as LevelNode
      const id = ids?.[step.name]
      node = typeof id === 'string' ? node.child(step, id) : undefined
    }
    return node
  }
}

function checkedPath(level: LevelNode, ids: Readonly<Record<string, unknown>>): string[] {
  return level.path.map((step) => {
    const id = normalizeId(ids?.[step.name])
    if (id === undefined) throw new CacheError('ERR_CACHE_SCOPE', `ids: expected a valid id for level "${step.name}"`)
    return id
  })
}

/** Limits as code reads them. */
export function resolveLimits(
  limits: { readonly maxEntries?: number | undefined; readonly maxBytes?: ByteSize | undefined },
  path: string,
): Limits {
  const { maxEntries = Infinity, maxBytes = Infinity } = limits
  const whole = Number.isSafeInteger(maxEntries) || maxEntries === Infinity
  if (!whole || maxEntries < 0) throw configError(`${path}.maxEntries`, 'a whole number of zero or more')
  return { maxEntries, maxBytes: byteSize(maxBytes, `${path}.maxBytes`) }
}

/** The choice, checked. */
export function missingScopeOption(choice: OnMissingScope | undefined, option: string): OnMissingScope | undefined {
  if (choice !== undefined && choice !== 'run' && choice !== 'throw') throw configError(option, "'run' or 'throw'")
  return choice
}

function clockOption(clock: Clock | undefined): Clock {
  if (clock === undefined) return systemClock
  const whole = [clock.now, clock.wall, clock.after].every((method) => typeof method === 'function')
  if (!whole) throw configError('clock', 'an object with now(), wall() and after()')
  return clock
}
