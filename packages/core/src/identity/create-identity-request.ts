import type { Claims, IdentityRequest } from './identity-request.js'

type Session = { readonly id: string; readonly isNew: boolean }

/** The parts of a request an {@link IdentityRequest} is made of; each is read when it is asked for, not before. */
export interface IdentityRequestParts {
  /** Every header line as received: name and value. Read once, at the first question about a header. */
  readonly fields: () => Iterable<readonly [name: string, value: string]>
  /** Remote address of the socket. Default: no socket. */
  readonly peer?: () => string | undefined
  /** Claims the application's own authentication has verified. Default: none. */
  readonly claims?: () => Claims | undefined
  /** The caller's session. Default: none. */
  readonly session?: () => Session | undefined
  /** The framework's own request. */
  readonly native: unknown
}

/**
 * An {@link IdentityRequest} from raw parts: what adapters share, and what a job or a socket handler can make itself.
 *
 * @example
 * ```ts
 * import { createIdentityRequest } from '@cacheado/core/identity'
 *
 * const request = createIdentityRequest({
 *   fields: () => new Headers({ 'x-org-id': 'org_123' }),
 *   peer: () => '127.0.0.1',
 *   native: undefined,
 * })
 * request.lines('x-org-id') // ['org_123']
 * ```
 */
export function createIdentityRequest(parts: IdentityRequestParts): IdentityRequest {
  return new PartsRequest(parts)
}

/**
 * Name and value of each line, from Node's `rawHeaders` list: the form that still shows duplicates and twins.
 *
 * @example
 * ```ts
 * import { fieldPairs } from '@cacheado/core/identity'
 *
 * const pairs = [...fieldPairs(['X-Org-Id', 'a', 'x_org_id', 'b'])] // [['X-Org-Id', 'a'], ['x_org_id', 'b']]
 * ```
 */
export function* fieldPairs(rawHeaders: readonly string[]): Generator<readonly [name: string, value: string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [rawHeaders[at] as string, rawHeaders[at + 1] as string]
  }
}

class PartsRequest implements IdentityRequest {
  readonly #parts: IdentityRequestParts
  #received: readonly (readonly [name: string, value: string])[] | undefined

  constructor(parts: IdentityRequestParts) {
    this.#parts = parts
  }

  get native(): unknown {
    return this.#parts.native
  }

  get peer(): string | undefined {
    return this.#parts.peer?.()
  }

  header(name: string): string | undefined {
    const lines = this.lines(name)
    return lines.length === 0 ? undefined : lines.join(', ')
  }

  lines(name: string): readonly string[] {
    const lines: string[] = []
    for (const [received, value] of this.#fields()) {
      if (received.length === name.length && received.toLowerCase() === name) lines.push(value)
    }
    return lines
  }

  names(): readonly string[] {
    return this.#fields().map(([name]) => name)
  }

  claims(): Claims | undefined {
    return this.#parts.claims?.()
  }

  session(): Session | undefined {
    return this.#parts.session?.()
  }

  #fields(): readonly (readonly [name: string, value: string])[] {
    return (this.#received ??= [...this.#parts.fields()])
  }
}
