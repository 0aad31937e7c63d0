import { createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import {
  ContextDefinition,
  FetchRequest,
  Route,
  answerFetch,
  headerFields,
  type ContextOptions,
  type FetchExchange,
  type MiddlewareOptions,
  type RequestContext,
  type RouteOptions,
} from '@cacheado/core/http'
import { identityFrom, type Claims } from '@cacheado/core/identity'
import { manualClock } from '@cacheado/core/testing'

/** What a handler of a test sees. */
export interface Native {
  readonly request: Request
  readonly context: RequestContext
  /** As authentication leaves it; may be changed by a handler that logs somebody in. */
  claims: Claims | undefined
}

type Handler = (native: Native) => Response | Promise<Response>

export const SCOPES = { organization: 'global', user: 'organization', session: 'user' } as const

export interface AppOptions extends Partial<Omit<ContextOptions<Native>, 'cache'>> {
  readonly cache?: ScopedCache
  readonly cacheOptions?: CacheOptions
  /** What else the adapter gives. */
  readonly exchange?: Partial<FetchExchange>
}

/**
 * An application of one route on Fetch requests, as an adapter would build it. Who asks is said by the headers `x-org` and
 * `x-user`, which stand for what authentication has verified.
 */
export class App {
  readonly clock = manualClock()
  readonly cache: ScopedCache
  /** How often the handler ran. */
  runs = 0
  readonly #definition: ContextDefinition<Native>
  readonly #route: Route<Native>
  readonly #handler: Handler
  readonly #exchange: Partial<FetchExchange>

  constructor(route: MiddlewareOptions<Native>, handler: Handler, options: AppOptions = {}) {
    const { cache, cacheOptions, exchange, ...context } = options
    this.#exchange = exchange ?? {}
    this.cache = cache ?? createCache({ scopes: SCOPES, clock: this.clock, ...cacheOptions })
    const identity = identityFrom({
      organization: (native: Native) => native.claims?.['org'] as string | undefined,
      user: (native: Native) => native.claims?.['sub'] as string | undefined,
    })
    this.#definition = new ContextDefinition<Native>({ cache: this.cache, identity, ...context })
    this.#route = new Route<Native>(route)
    this.#handler = handler
  }

  /** Another route of the same application. */
  route(route: MiddlewareOptions<Native>, handler: Handler): App {
    const other = new App(route, handler, { cache: this.cache })
    Object.assign(other, { clock: this.clock })
    return other
  }

  async request(url: string, init: RequestInit & { as?: string; claims?: Claims } = {}): Promise<Response> {
    const { as, claims, ...rest } = init
    const request = new Request(new URL(url, 'http://shop.example'), rest)
    const [org, sub] = as?.split('/') ?? []
    const native = { request, claims: claims ?? (as === undefined ? undefined : { org, sub }) } as Native
    const shown = new FetchRequest({ request, native, claims: () => native.claims })
    const context = this.#definition.open(shown)
    Object.assign(native, { context })
    const response = await context.run(() =>
      answerFetch(this.#route.cacheFor(context), context, {
        request,
        ...this.#exchange,
        run: async (seen) => {
          this.runs++
          return this.#handler({
            ...native,
            get claims() {
              return native.claims
            },
            set claims(now) {
              native.claims = now
            },
            request: seen,
          })
        },
      }),
    )
    if (context.writes) context.answered(response.status, headerFields(response.headers))
    return response
  }

  /** The same middleware once more within one request: what its handler answers. */
  async again(context: RequestContext): Promise<string> {
    const { request } = context.request.native as Native
    const response = await answerFetch(this.#route.cacheFor(context), context, {
      request,
      run: async () => new Response('run'),
    })
    return response.text()
  }

  /** Status, Cache-Status without the name, and body of an answer. */
  async get(url: string, init: RequestInit & { as?: string; claims?: Claims } = {}): Promise<string> {
    const response = await this.request(url, init)
    const body = await response.text()
    return [response.status, statusOf(response), body].join(' | ')
  }
}

export function statusOf(response: Response): string {
  return (response.headers.get('cache-status') ?? 'none').replace(/^cacheado; /, '')
}

/** A route for one person's responses, with a minute's ttl. */
export const MINE: RouteOptions<Native> = { scope: 'user', ttl: '1m' }
/** A route for everybody's responses, with a minute's ttl. */
export const ALL: RouteOptions<Native> = { scope: 'global', ttl: '1m' }

/** A promise that is settled from outside. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void
  const opened = new Promise<T>((resolve) => (open = resolve))
  return { opened, open }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}
