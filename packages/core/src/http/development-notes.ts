import type { LogSink } from '../logger.js'
import { isProduction } from '../platform.js'
import type { RequestBypass, RefusalToStore } from './reasons.js'

/** What would change it, for the reasons that a developer can do something about. */
const ADVICE: Readonly<Partial<Record<RequestBypass | RefusalToStore, string>>> = {
  'no-scope':
    'the caller has no id at this level: mount authentication before the route, or check the identity of cacheContext',
  'identity-refused': 'what the request says about its caller cannot be trusted: check the sources of the identity',
  'identity-failed': 'the identity threw or took longer than 50 ms',
  'identity-changed': 'the caller changed while the request ran (login, logout, switch of tenant)',
  'claims-unknown': 'varyBy.claims names claims and none are known for this request: return them from the identity',
  credentials:
    "the request carries credentials and the route is global: let the handler say Cache-Control: public, or set credentials: 'ignore'",
  'option-threw': 'a function among the options of the route threw',
  'set-cookie':
    "the response sets a cookie: setCookie: { drop: ['name'] } stores it without, setCookie: 'store' with it",
  'credential-header': 'the response carries a header that is a credential',
  'csp-nonce': 'its Content-Security-Policy holds a nonce, which is for one answer only',
  private: 'the handler says Cache-Control: private: use a personal level as scope',
  'no-store': 'the handler says no-store',
  'no-cache': 'the handler says no-cache',
  malformed: 'its Cache-Control or Vary cannot be read',
  vary: 'its Vary is *, names too many headers, or names Cookie or Authorization at a scope that several people share',
  'too-many-variants': 'its URL has too many variants: vary by something with fewer values',
  status: 'its status does not live by ttl: add it to statuses, or let the handler set Cache-Control',
  'not-fresh': 'its own headers make it stale at once, or nothing says how long it is fresh: set ttl',
  'body-too-large': 'its body is larger than maxBodyBytes',
  'event-stream': 'it is an event stream',
}

/**
 * Says outside production, once for each route and reason, why a response was not cached and which option would change it.
 * Where the cache has no logger it says so on the console, except under test.
 */
export class DevelopmentNotes {
  readonly #log: LogSink
  readonly #route: string
  readonly #said = new Set<string>()
  readonly #silent = isProduction()

  constructor(log: LogSink, route: string) {
    this.#log = log
    this.#route = route
  }

  /** A request or a response was not cached. */
  notCached(reason: RequestBypass | RefusalToStore): void {
    const advice = ADVICE[reason]
    if (advice !== undefined) this.#once(reason, `a response was not cached: ${advice}`, { reason })
  }

  /** What a hit answers without running: middlewares mounted after the one that caches. */
  skips(names: () => readonly string[]): void {
    if (this.#silent || this.#said.has('skips')) return
    const skipped = names()
    if (skipped.length === 0) return
    this.#once('skips', 'a hit answers without running what is mounted after the cache', { skips: skipped })
  }

  #once(about: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#silent || this.#said.has(about)) return
    this.#said.add(about)
    const said = { route: this.#route, ...fields }
    if (this.#log.enabled) this.#log.warn(message, said)
    else if (!isTest()) console.warn(`cacheado: ${message}`, said)
  }
}

function isTest(): boolean {
  return typeof process === 'object' && process.env?.['NODE_ENV'] === 'test'
}
