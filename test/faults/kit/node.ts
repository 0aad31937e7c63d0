import type { MemoryOptions, RemoteStore, RemoteStats, ScopedCache, StoreEventKind } from '@cacheado/core'
import { setTimeout as pause } from 'node:timers/promises'
import type { Adapter, Answer, Ask, RouteSpec } from '../../adapters/application.js'
import { ask, type AskOptions, type Got } from '../../adapters/client.js'
import { startApplication } from '../../adapters/fixture.js'
import type { Truth } from './truth.js'

/** How long a handler takes, in milliseconds. */
const WORK = 2

/** What is asked for: whose it is decides who may see it. */
export type Route = 'user' | 'org' | 'public' | 'uncached'

/** One node of the application: a cache and its connections of its own, behind a server of its own. */
export interface FaultNode {
  readonly at: number
  readonly cache: ScopedCache
  /** How often each event of `cache.on('store')` came. */
  readonly events: ReadonlyMap<StoreEventKind, number>
  /** How often a writing handler ran. */
  readonly writes: { count: number }
  ask(path: string, options?: AskOptions): Promise<Got>
  remote(): RemoteStats
}

/** Options of {@link startNode}. */
export interface FaultNodeOptions {
  readonly at: number
  readonly remote: RemoteStore
  readonly memory?: MemoryOptions | false
}

/** The resource that a route shows its caller. */
export function resourceOf(route: Route, who: string): string {
  const [organization, user] = who.split('/')
  if (route === 'public') return 'public'
  return route === 'org' ? `org:${organization}` : `user:${organization}/${user}`
}

/** Starts a node; it is closed after the test. */
export async function startNode(adapter: Adapter, truth: Truth, options: FaultNodeOptions): Promise<FaultNode> {
  const { at, remote, memory } = options
  const writes = { count: 0 }
  const app = await startApplication(adapter, routesOf(truth, writes), { remote, memory, ttl: '1m' })
  const events = new Map<StoreEventKind, number>()
  app.cache.on('store', ({ kind }) => void events.set(kind, (events.get(kind) ?? 0) + 1))
  return {
    at,
    cache: app.cache,
    events,
    writes,
    // One name for all nodes, as behind a load balancer: they share their responses.
    ask: (path, { headers, ...more } = {}) =>
      ask(app.url + path, { ...more, headers: { host: 'app.test', ...headers } }),
    remote: () => app.cache.stats().remote as RemoteStats,
  }
}

function routesOf(truth: Truth, writes: { count: number }): readonly RouteSpec[] {
  const show =
    (route: Route) =>
    async ({ who = 'nobody/nobody' }: Ask): Promise<Answer> => {
      const resource = resourceOf(route, who)
      const version = truth.version(resource)
      await pause(WORK)
      return { headers: [['x-canary', resource]], body: `CNRY ${resource} ${version}` }
    }
  return [
    { path: '/user', options: { scope: 'user' }, handler: show('user') },
    { path: '/org', options: { scope: 'organization', tags: ['summary'] }, handler: show('org') },
    { path: '/public', options: { scope: 'global', tags: ['page'] }, handler: show('public') },
    { path: '/uncached', handler: show('uncached') },
    { method: 'post', path: '/write', handler: (asked) => write(asked, truth, writes) },
  ]
}

/** Changes what a route shows, and invalidates it as that level does. */
async function write({ who = '', url, cache }: Ask, truth: Truth, writes: { count: number }): Promise<Answer> {
  writes.count++
  const route = new URL(url, 'http://app.test').searchParams.get('route') as Route
  const version = truth.bump(resourceOf(route, who))
  const invalidate = {
    user: () => cache.at('user').invalidate(),
    org: () => cache.at('organization').invalidateTags(['summary']),
    public: () => cache.global.invalidateTags(['page']),
    uncached: () => Promise.resolve({ applied: true }),
  }[route]
  const { applied } = await invalidate()
  return { body: JSON.stringify({ version, applied }) }
}
