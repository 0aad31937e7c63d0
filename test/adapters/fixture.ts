import { createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import type { RouteOptions } from '@cacheado/core/http'
import { claim, identityFrom } from '@cacheado/core/identity'
import { afterEach } from 'vitest'
import type { Adapter, Answer, Ask, RouteSpec, RunningApplication } from './application.js'
import { ask, type AskOptions, type Got } from './client.js'

export const SCOPES = { organization: 'global', user: 'organization', session: 'user' } as const

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((application) => application.close()))
})

/** An application under test and what happened in it. */
export interface Fixture {
  readonly cache: ScopedCache
  readonly url: string
  /** How often each path's handler ran. */
  readonly runs: Map<string, number>
  ask(path: string, options?: AskOptions): Promise<Got>
}

/** Starts an application with these routes; it is closed after the test. */
export async function startApplication(
  adapter: Adapter,
  routes: readonly RouteSpec[],
  options: CacheOptions = {},
): Promise<Fixture> {
  const cache = createCache({ scopes: SCOPES, ...options })
  const runs = new Map<string, number>()
  const counted = routes.map((route): RouteSpec => ({
    ...route,
    handler: (asked) => {
      const path = asked.url.replace(/\?.*/, '')
      runs.set(path, (runs.get(path) ?? 0) + 1)
      return route.handler(asked)
    },
  }))
  const identity = identityFrom({ organization: claim('org'), user: claim('sub'), session: claim('sid') })
  const running: RunningApplication = await adapter.start({ cache, identity, routes: counted })
  open.push(running, cache)
  return { cache, url: running.url, runs, ask: (path, how) => ask(running.url + path, how) }
}

/** A route at `/x` whose handler answers its caller and a number that counts up. */
export function countingRoute(
  options: RouteOptions,
  answer: (asked: Ask, n: number) => Answer | Promise<Answer> = plain,
): RouteSpec {
  let n = 0
  return { path: '/x', options, handler: (asked) => answer(asked, ++n) }
}

function plain({ who }: Ask, n: number): Answer {
  return { headers: [['content-type', 'text/plain']], body: `${who}:${n}` }
}

/** Something to wait for that a test releases. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** Resolves when the condition holds; looks at each turn of the event loop, so it never waits for a time. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
