import { refuseUnknown } from '../policy.js'
import type { Flight } from '../flight.js'
import type { ScopedCache } from '../scoped-cache.js'
import type { HttpRequest } from './http-request.js'
import { commonSettings, settingsFor, type ContextOptions, type HttpSettings } from './http-settings.js'
import { mayWrite } from './decide/written-targets.js'
import { carrierOf } from './carrier.js'
import { OwnRequestCache, type RequestCache } from './request-cache.js'
import { RequestDecisions } from './request-decisions.js'
import { RequestIdentity } from './request-identity.js'
import { forgetWritten } from './forget-written.js'
import type { HeaderFields } from './syntax/header-fields.js'

/** The same in every copy of this module. */
const CONTEXT = Symbol.for('cacheado.request')

/** What one request has to do with the cache. Adapters make it in `cacheContext` and find it again by the request. */
export class RequestContext {
  readonly settings: HttpSettings
  readonly request: HttpRequest
  readonly identity: RequestIdentity
  #decisions: RequestDecisions | undefined
  #leading: Set<Flight> | undefined
  #cache: RequestCache | undefined

  constructor(settings: HttpSettings, request: HttpRequest) {
    this.settings = settings
    this.request = request
    this.identity = new RequestIdentity(settings.identity, request, settings.engine.clock)
  }

  /** What the handler gets: `req.cache`, `c.var.cache`. */
  get cache(): RequestCache {
    return (this.#cache ??= new OwnRequestCache(this))
  }

  /** What the handler decides about its response. */
  get decisions(): RequestDecisions {
    return (this.#decisions ??= new RequestDecisions())
  }

  /** Loads for which this very request runs the handler: a second middleware must not wait for the first. */
  get leading(): Set<Flight> {
    return (this.#leading ??= new Set())
  }

  /**
   * Calls `fn` with the caller as the context of everything called inside, so that `cache.current(…)` and wrapped functions
   * know who asks. An identity that takes time to find is waited for first, 50 ms at the most.
   */
  run<R>(fn: () => R): R | Promise<Awaited<R>> {
    const { context } = this.settings.engine
    const ids = () => this.identity.ids
    const known = this.settings.identity?.immediate === true ? undefined : this.identity.ask()
    if (!(known instanceof Promise)) return context.follow(ids, fn)
    return known.then(() => context.follow(ids, fn)) as Promise<Awaited<R>>
  }

  /** Whether {@link answered} has to be called: what is read is not changed by reading it. */
  get writes(): boolean {
    return mayWrite(this.request.method)
  }

  /**
   * To be called when the head of an answer to a writing request is known, before it is sent: what the request has changed
   * is forgotten in the caller's own scopes (RFC 9111 §4.4).
   */
  answered(status: number, fields: HeaderFields): void {
    forgetWritten(this, status, fields)
  }
}

/** `cacheContext`'s options, checked once; opens the context of each request. */
export class ContextDefinition<Native = unknown> {
  readonly #cache: ContextOptions<Native>['cache']
  readonly #common: ReturnType<typeof commonSettings>
  readonly #settings = new WeakMap<ScopedCache, HttpSettings>()

  /** @throws CacheError `ERR_CACHE_CONFIG` for a bad option */
  constructor(options: ContextOptions<Native>) {
    refuseUnknown(options, ['cache', 'identity', 'credentials', 'name', 'identityHeaders'], 'cacheContext')
    this.#cache = options.cache
    this.#common = commonSettings(options)
    if (typeof options.cache !== 'function') this.settingsOf(options.cache)
  }

  /** The context of a request, from then on found by {@link contextOf}. */
  open(request: HttpRequest): RequestContext {
    const context = this.make(request)
    carrierOf(request.native as object)[CONTEXT] = context
    return context
  }

  /** A context of a request that nobody else finds: one route's own. */
  make(request: HttpRequest): RequestContext {
    const cache = typeof this.#cache === 'function' ? this.#cache(request.native as Native) : this.#cache
    return new RequestContext(this.settingsOf(cache), request)
  }

  /** The checked settings for one cache. */
  settingsOf(cache: ScopedCache): HttpSettings {
    let settings = this.#settings.get(cache)
    if (settings === undefined) {
      settings = settingsFor(cache, this.#common)
      this.#settings.set(cache, settings)
    }
    return settings
  }
}

/** The context that was opened for a framework's request, if one was. */
export function contextOf(native: object): RequestContext | undefined {
  const context = carrierOf(native)[CONTEXT] as RequestContext | undefined
  // A framework that lets requests share what they were received with must not make one of them the other.
  return context?.request.native === native ? context : undefined
}
