import { createCache, type CacheOptions, type Duration, type ScopedCache } from '@cacheado/core'
import { defineStore, type RemoteOptions, type Store } from '@cacheado/core/store'
import {
  faultyStore,
  manualClock,
  memoryEngine,
  memoryStore,
  type FaultyStore,
  type ManualClock,
  type MemoryEngine,
} from '@cacheado/core/testing'
import { LEVELS } from '../support/caches.js'
import { settle } from '../support/settle.js'

/** One process: its cache, and the store in front of the shared engine that its cache goes through. */
export interface TestNode {
  readonly cache: ScopedCache
  /** Fails on command. */
  readonly store: FaultyStore
  /** The one within, as the engine knows it: for `hold`, `disconnect` and the like. */
  readonly port: Store
}

/** Several processes behind one engine, all on one manual clock. */
export interface Cluster {
  readonly clock: ManualClock
  readonly engine: MemoryEngine
  readonly nodes: readonly TestNode[]
  node(index: number): TestNode
  /** Lets everything happen that waits for nothing but promises, on all nodes. */
  settle(): Promise<void>
  /** Moves the clock, and lets follow what follows. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/**
 * A manual clock that lets everything happen that waits for promises after each timer: in real time, too, an answer that is there
 * comes before the next deadline. (`advanceAsync` does so with timers of its own, which is slow where it is done 100,000 times.)
 */
export function turningClock(): ManualClock & { readonly pass: (ms: number) => Promise<void> } {
  const clock = manualClock()
  const timers = new Set<{ readonly due: number }>()
  const next = (end: number) => {
    let first = Infinity
    for (const { due } of timers) first = Math.min(first, due)
    return first <= end ? first : undefined
  }
  return {
    get pending() {
      return timers.size
    },
    now: () => clock.now(),
    wall: () => clock.wall(),
    setWall: (time: Date | number) => clock.setWall(time),
    advance: (by: Duration) => clock.advance(by),
    advanceAsync: (by: Duration) => clock.advanceAsync(by),
    after(delay: number, callback: () => void) {
      const timer = { due: clock.now() + Math.max(0, delay) }
      timers.add(timer)
      const cancel = clock.after(delay, () => {
        timers.delete(timer)
        callback()
      })
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
    async pass(ms: number) {
      const end = clock.now() + ms
      await settle()
      for (let due = next(end); due !== undefined; due = next(end)) {
        clock.advance(Math.max(0, due - clock.now()))
        await settle()
      }
      clock.advance(Math.max(0, end - clock.now()))
      await settle()
    },
  }
}

export interface ClusterOptions {
  readonly nodes?: number
  readonly cache?: CacheOptions
  readonly remote?: RemoteOptions
  /** Around each node's store, within the one that fails: to count or to gate. */
  readonly wrap?: (store: Store, index: number) => Store
}

export async function cluster(options: ClusterOptions = {}): Promise<Cluster> {
  const clock = turningClock()
  const engine = memoryEngine({ clock })
  const nodes = Array.from({ length: options.nodes ?? 2 }, (_, index) => node(clock, engine, options, index))
  await Promise.all(nodes.map(({ cache }) => cache.ready()))
  return {
    clock,
    engine,
    nodes,
    node(index) {
      const found = nodes.at(index)
      if (found === undefined) throw new Error(`there is no node ${index}`)
      return found
    },
    settle,
    pass: (ms) => clock.pass(ms),
    async close() {
      const closing = Promise.all(nodes.map(({ cache }) => cache.close()))
      await clock.pass(5000)
      await closing
    },
  }
}

/** Another process, later; nobody closes it but the test. */
export async function join({ clock, engine }: Cluster, options: ClusterOptions = {}): Promise<ScopedCache> {
  const { cache } = node(clock, engine, options, -1)
  await cache.ready()
  return cache
}

function node(clock: ManualClock, engine: MemoryEngine, options: ClusterOptions, index: number): TestNode {
  const port = memoryStore(engine)
  const store = faultyStore(options.wrap?.(port, index) ?? port)
  const cache = createCache({
    scopes: LEVELS,
    clock,
    values: 'share',
    ttl: '5m',
    remote: defineStore(store, options.remote),
    ...options.cache,
  })
  return { cache, store, port }
}
