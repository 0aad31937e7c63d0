import type { Claims, IdentityRequest } from '../../identity/identity-request.js'
import type { HttpRequest } from '../http-request.js'

/** What a framework adds to a Fetch request. Each is read when it is asked for, not before. */
export interface FetchRequestParts {
  readonly request: Request
  /** The framework's own request, where the context of the cache is kept: Hono's `c`. */
  readonly native: object
  /** Claims that the application's own authentication has verified. Default: none. */
  readonly claims?: () => Claims | undefined
  /** The caller's session. Default: none. */
  readonly session?: IdentityRequest['session']
  /** Remote address of the socket. Default: none. */
  readonly peer?: () => string | undefined
}

const DEFAULT_PORT = /:(?:80|443)$/

/** A Fetch request as the engine sees it. Fetch joins the lines of a header: {@link lines} gives one at the most. */
export class FetchRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly native: object
  readonly #parts: FetchRequestParts

  constructor(parts: FetchRequestParts) {
    const { method, url } = parts.request
    this.#parts = parts
    this.native = parts.native
    this.method = method
    const path = url.indexOf('/', url.indexOf('//') + 2)
    this.target = url.slice(path).split('#', 1)[0] as string
    this.host = hostOf(url.slice(url.indexOf('//') + 2, path), parts.request.headers.get('host'))
  }

  get peer(): string | undefined {
    return this.#parts.peer?.()
  }

  header(name: string): string | undefined {
    return this.#parts.request.headers.get(name) ?? undefined
  }

  lines(name: string): readonly string[] {
    const value = this.#parts.request.headers.get(name)
    return value === null ? [] : [value]
  }

  names(): readonly string[] {
    return [...this.#parts.request.headers.keys()]
  }

  claims(): Claims | undefined {
    return this.#parts.claims?.()
  }

  session(): { readonly id: string; readonly isNew: boolean } | undefined {
    return this.#parts.session?.()
  }
}

/** The authority of the URL; nothing where a Host header names another one: then nobody knows which was meant (rule R-10). */
function hostOf(authority: string, header: string | null): string {
  const host = authority.toLowerCase()
  if (header === null || header === authority) return host
  const named = header.toLowerCase()
  if (named === host) return host
  return named.replace(DEFAULT_PORT, '') === host.replace(DEFAULT_PORT, '') ? host : ''
}

/** The request without some fields, for a handler that is not to see them; the same one where there are none. */
export function withoutFields(request: Request, names: readonly string[]): Request {
  if (names.length === 0) return request
  const headers = new Headers(request.headers)
  for (const name of names) headers.delete(name)
  return new Request(request, { headers })
}
