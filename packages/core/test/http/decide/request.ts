import type { HttpRequest } from '../../../src/http/http-request.js'

/** What a test says about a request; everything else is that of a plain GET. */
export interface RequestSketch {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  /** Values by lower-case name; a list is one line each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly session?: { readonly id: string; readonly isNew: boolean }
  readonly peer?: string
}

/** A request as adapters show it. */
export function sketchRequest(sketch: RequestSketch = {}): HttpRequest {
  const linesOf = (name: string): readonly string[] => {
    const value = sketch.headers?.[name]
    return value === undefined ? [] : typeof value === 'string' ? [value] : value
  }
  return {
    method: sketch.method ?? 'GET',
    target: sketch.target ?? '/',
    host: sketch.host ?? 'shop.example',
    peer: sketch.peer,
    native: undefined,
    header: (name) => (linesOf(name).length === 0 ? undefined : linesOf(name).join(', ')),
    lines: linesOf,
    names: () => Object.keys(sketch.headers ?? {}),
    claims: () => sketch.claims,
    session: () => sketch.session,
  }
}
