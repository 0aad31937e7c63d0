import type { IncomingMessage } from 'node:http'
import type { Claims, IdentityRequest } from '../../identity/identity-request.js'
import type { HttpRequest } from '../http-request.js'

/** What Express and its relatives add to Node's request. */
export interface NodeMessage extends IncomingMessage {
  /** The target as received, where a mounted router has changed `url`. */
  readonly originalUrl?: string
}

/** What a framework knows about a request. Each is read when it is asked for, not before. */
export interface NodeRequestParts {
  /** Claims that the application's own authentication has verified. Default: `req.auth`, `req.user`. */
  readonly claims?: () => Claims | undefined
  /** The caller's session. Default: `req.session` as express-session and cookie-session leave it. */
  readonly session?: IdentityRequest['session']
  /** The framework's own request, where the context of the cache is kept. Default: Node's. */
  readonly native?: object
}

const NO_PARTS: NodeRequestParts = {}

/** Headers of which Node keeps the first line only: the others have to be looked for. */
const FIRST_LINE_ONLY = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/**
 * A request of Node's as the engine sees it: as the handler will see it, so what the application has changed in `req.headers`
 * counts; where nothing was changed, every line that was received does.
 */
export class NodeRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly native: object
  readonly #message: NodeMessage
  readonly #parts: NodeRequestParts

  constructor(message: NodeMessage, parts: NodeRequestParts = NO_PARTS) {
    this.#message = message
    this.#parts = parts
    this.native = parts.native ?? message
    this.method = message.method ?? 'GET'
    this.target = message.originalUrl ?? message.url ?? ''
    this.host = hostOf(message)
  }

  get peer(): string | undefined {
    return this.#message.socket?.remoteAddress
  }

  header(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string') return value.join(', ')
    return FIRST_LINE_ONLY.has(name) ? this.lines(name).join(', ') : value
  }

  lines(name: string): readonly string[] {
    const value = this.#value(name)
    if (value === undefined) return []
    if (typeof value !== 'string') return value
    const received = receivedLines(this.#message.rawHeaders, name)
    return received.length > 1 && isReading(value, received) ? received : [value]
  }

  /** Names come from Vary, too, and `constructor` is a header of nobody: what is inherited is no text. */
  #value(name: string): string | string[] | undefined {
    const value: unknown = this.#message.headers[name]
    return typeof value === 'string' || Array.isArray(value) ? value : undefined
  }

  names(): readonly string[] {
    return this.#message.rawHeaders.filter((_, at) => at % 2 === 0)
  }

  claims(): Claims | undefined {
    return this.#parts.claims ? this.#parts.claims() : claimsOf(this.#message)
  }

  session(): { readonly id: string; readonly isNew: boolean } | undefined {
    return this.#parts.session ? this.#parts.session() : sessionOf(this.#message)
  }
}

function hostOf(message: NodeMessage): string {
  const lines = receivedLines(message.rawHeaders, 'host')
  // HTTP/2 names the authority in a pseudo-header; several Host lines leave open which was meant.
  if (lines.length > 1) return ''
  const host = message.headers.host ?? message.headers[':authority']
  return typeof host === 'string' ? host.toLowerCase() : ''
}

function receivedLines(rawHeaders: readonly string[], name: string): string[] {
  const lines: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const received = rawHeaders[at] as string
    if (received.length === name.length && received.toLowerCase() === name) lines.push(rawHeaders[at + 1] as string)
  }
  return lines
}

/** Whether the value is what Node makes of these lines, rather than what the application put in their place. */
function isReading(value: string, lines: readonly string[]): boolean {
  return value === lines[0] || value === lines.join(', ') || value === lines.join('; ')
}

/** Claims as express-jwt (`req.auth`), express-oauth2-jwt-bearer (`req.auth.payload`) and passport (`req.user`) leave them. */
function claimsOf(message: object): Claims | undefined {
  const { auth } = message as { readonly auth?: unknown }
  if (isRecord(auth)) return typeof auth['token'] === 'string' && isRecord(auth['payload']) ? auth['payload'] : auth
  const { user } = message as { readonly user?: unknown }
  return isRecord(user) ? user : undefined
}

/** The session as express-session leaves it; new unless a cookie of this request names it. */
function sessionOf(message: IncomingMessage): { readonly id: string; readonly isNew: boolean } | undefined {
  const { sessionID, session } = message as { readonly sessionID?: unknown; readonly session?: unknown }
  if (!isRecord(session) || typeof sessionID !== 'string') return undefined
  // The cookie's value is `s:`, the id, a dot and a signature that express-session has checked.
  const named = message.headers.cookie?.includes(encodeURIComponent(`s:${sessionID}.`)) === true
  return { id: sessionID, isNew: !named }
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
