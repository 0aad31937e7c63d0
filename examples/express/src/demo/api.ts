import { demoPassword } from 'example-saas'
import type { Billing, LoggedQuery } from 'example-saas'

/** How the cache answered, read from the `Cache-Status` header (RFC 9211). `none`: the route's answers are not cached. */
export type Outcome = 'hit' | 'joined' | 'miss' | 'none'

export interface Answer {
  status: number
  text: string
  outcome: Outcome
  /** From the request's first byte to the answer's last. */
  milliseconds: number
  /** What the database ran meanwhile; exact while requests are made one after another. */
  queries: LoggedQuery[]
}

export function outcomeOf(cacheStatus: string | null): Outcome {
  if (!cacheStatus) return 'none'
  const [, ...parameters] = cacheStatus
    .split(',')
    .at(-1)!
    .split(';')
    .map((part) => part.trim())
  if (parameters.includes('hit')) return 'hit'
  return parameters.includes('collapsed') ? 'joined' : 'miss'
}

/** The demo's API as its clients see it: HTTP on a socket, nothing else. */
export class Api {
  readonly #hits = new Map<string, number>()

  constructor(
    readonly url: string,
    readonly billing: Billing,
  ) {}

  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const logged = this.billing.postgres.log.length
    const startedAt = performance.now()
    const response = await fetch(this.url + path, init)
    const text = await response.text()
    return {
      status: response.status,
      text,
      outcome: outcomeOf(response.headers.get('cache-status')),
      milliseconds: performance.now() - startedAt,
      queries: this.billing.postgres.log.slice(logged),
    }
  }

  /** How many hits the people of an organization saw, what everybody shares left out. */
  hitsOf(organization: string): number {
    return this.#hits.get(organization) ?? 0
  }

  countHit(organization: string): void {
    this.#hits.set(organization, this.hitsOf(organization) + 1)
  }

  async login(organization: string, user: string): Promise<Actor> {
    const body = JSON.stringify({ organization, user, password: demoPassword })
    const answer = await this.request('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    })
    if (answer.status !== 200) throw new Error(`${user} of ${organization} could not log in: ${answer.status}`)
    return new Actor(this, organization, user, (JSON.parse(answer.text) as { token: string }).token)
  }
}

/** A person with a token. */
export class Actor {
  constructor(
    readonly api: Api,
    readonly organization: string,
    readonly user: string,
    readonly token: string,
  ) {}

  get name(): string {
    return `${this.user}@${this.organization}`
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.api.request(path, { headers: { ...headers, Authorization: `Bearer ${this.token}` } })
    // A cached function inside a route has no header of its own: it hit if the database had nothing to do.
    const functionHit = path === '/customers/top' && answer.queries.length === 0
    if ((answer.outcome === 'hit' && path !== '/plans') || functionHit) this.api.countHit(this.organization)
    return answer
  }

  post(path: string, body: unknown): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${this.token}` }
    return this.api.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }
}
