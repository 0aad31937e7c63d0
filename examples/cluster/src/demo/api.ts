import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Billing, Tokens } from 'example-saas'
import type { ApiProcess } from '../cluster.js'

/** A response belongs to the host that was asked for: behind a load balancer all processes see the same one. */
const HOST = 'billing.example'

const agent = new Agent({ keepAlive: true })

/** A request; `fetch` would not let us say which host. */
interface Init {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** How the cache answered, read from the `Cache-Status` header (RFC 9211). `none`: the route's answers are not cached. */
export type Outcome = 'hit' | 'joined' | 'miss' | 'none'

export interface Answer {
  readonly status: number
  readonly text: string
  readonly outcome: Outcome
  /** What an invalidation of this request said: whether Redis has it. */
  readonly applied: string | undefined
  /** From the request's first byte to the answer's last. */
  readonly milliseconds: number
  /** What the database ran meanwhile; exact while requests are made one after another. */
  readonly queries: number
  /** How long that took, in milliseconds. */
  readonly inDatabase: number
}

/** One process of the API as its clients see it: HTTP on a socket, nothing else. */
export class Api {
  readonly name: string
  readonly #url: string
  readonly #billing: Billing

  constructor({ name, url }: Pick<ApiProcess, 'name' | 'url'>, billing: Billing) {
    this.name = name
    this.#url = url
    this.#billing = billing
  }

  async request(path: string, init: Init = {}): Promise<Answer> {
    const { log } = this.#billing.postgres
    const logged = log.length
    const startedAt = performance.now()
    const { response, text } = await send(new URL(path, this.#url), init)
    const milliseconds = performance.now() - startedAt
    const queries = log.slice(logged)
    const header = (name: string) => response.headers[name]?.toString()
    return {
      status: response.statusCode ?? 0,
      text,
      outcome: outcomeOf(header('cache-status')),
      applied: header('x-invalidation-applied'),
      milliseconds,
      queries: queries.length,
      inDatabase: queries.reduce((sum, query) => sum + query.milliseconds, 0),
    }
  }

  async health(): Promise<Health> {
    return JSON.parse((await this.request('/health')).text) as Health
  }
}

/** The part of `cache.health()` that the demo looks at. */
export interface Health {
  readonly remote: { readonly status: 'ok' | 'down'; readonly bus: 'up' | 'down' | 'none'; readonly queued: number }
}

function send(url: URL, { method = 'GET', headers, body }: Init): Promise<{ response: IncomingMessage; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers: { ...headers, Host: HOST } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.once('error', reject)
      response.once('end', () => resolve({ response, text }))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

function outcomeOf(cacheStatus: string | undefined): Outcome {
  if (cacheStatus === undefined) return 'none'
  const parameters = cacheStatus.split(';').map((part) => part.trim())
  if (parameters.includes('hit')) return 'hit'
  return parameters.includes('collapsed') ? 'joined' : 'miss'
}

/** A person with a token, who may ask either process. */
export class Actor {
  readonly name: string
  readonly #token: string

  private constructor(name: string, token: string) {
    this.name = name
    this.#token = token
  }

  static async named(name: string, tokens: Tokens, role = 'owner'): Promise<Actor> {
    const [sub = '', org_id = ''] = name.split('@')
    return new Actor(name, await tokens.issue({ sub, org_id, role }))
  }

  get(api: Api, path: string): Promise<Answer> {
    return api.request(path, { headers: this.#headers })
  }

  delete(api: Api, path: string): Promise<Answer> {
    return api.request(path, { method: 'DELETE', headers: this.#headers })
  }

  addInvoice(api: Api): Promise<Answer> {
    const [, organization = ''] = this.name.split('@')
    const customer = `Customer ${organization.slice(0, 3).toUpperCase()}-1`
    const invoice = { customer, issuedOn: '2025-12-31', currency: 'EUR', amountCents: 99_900 }
    const headers = { ...this.#headers, 'Content-Type': 'application/json' }
    return api.request('/invoices', { method: 'POST', headers, body: JSON.stringify(invoice) })
  }

  get #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#token}` }
  }
}
