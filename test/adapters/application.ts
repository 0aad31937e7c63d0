import type { ScopedCache } from '@cacheado/core'
import type { ContextOptions, RequestCache, RouteOptions } from '@cacheado/core/http'

/** What a test's handler answers; each adapter says it in its framework's own words. */
export interface Answer {
  readonly status?: number
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Uint8Array
  /** Sent as they come, in place of `body`. A rejection is a handler that fails half-way. */
  readonly chunks?: AsyncIterable<string>
}

/** What a test's handler is asked. */
export interface Ask {
  /** Who the application's own authentication says this is: `organization/user/session`. */
  readonly who: string | undefined
  readonly url: string
  readonly cache: RequestCache
  header(name: string): string | undefined
}

/** A route of a test's application. */
export interface RouteSpec {
  readonly method?: 'get' | 'post'
  readonly path: string
  /** Absent: the route is not cached. */
  readonly options?: RouteOptions
  readonly handler: (ask: Ask) => Answer | Promise<Answer>
}

/** A test's application. */
export interface ApplicationSpec {
  readonly cache: ScopedCache
  readonly identity: ContextOptions['identity']
  readonly routes: readonly RouteSpec[]
}

/** An application that is up. */
export interface RunningApplication {
  readonly url: string
  close(): Promise<void>
}

/** One framework with its adapter. */
export interface Adapter {
  readonly name: string
  start(application: ApplicationSpec): Promise<RunningApplication>
}

/** The claims that the application's authentication verifies: `Bearer organization/user/session`. */
export function claimsOf(authorization: string | undefined): Record<string, string> | undefined {
  const [, organization, user, session] = /^Bearer ([^/]+)\/([^/]+)\/([^/]+)$/.exec(authorization ?? '') ?? []
  return organization === undefined ? undefined : { org: organization, sub: user as string, sid: session as string }
}

/** The caller as handlers see it. */
export function callerOf(claims: Readonly<Record<string, string>> | undefined): string | undefined {
  return claims && `${claims['org']}/${claims['sub']}/${claims['sid']}`
}
