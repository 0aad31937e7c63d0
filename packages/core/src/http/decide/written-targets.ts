import { combined, fieldLines, type HeaderFields } from '../syntax/header-fields.js'

/** A request by which something was written. */
export interface Written {
  readonly method: string
  readonly target: string
  readonly host: string
}

/** Whatever is not known to be safe may write, unknown methods too (RFC 9110 §9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** Whether a method may change what others read. */
export function mayWrite(method: string): boolean {
  return !SAFE.has(method)
}

/**
 * The request targets whose stored responses a successful write makes invalid (RFC 9111 §4.4): its own, and those that its
 * answer names in Location and Content-Location, where they are on the same authority. Failures (4xx, 5xx) change nothing.
 */
export function writtenTargets(request: Written, status: number, fields: HeaderFields): readonly string[] {
  if (!mayWrite(request.method) || status < 200 || status >= 400) return []
  const lines = fieldLines(fields)
  const named = [combined(lines, 'location'), combined(lines, 'content-location')]
  const targets = named.map((reference) => (reference === undefined ? undefined : resolve(request, reference)))
  return [...new Set([originForm(request), ...targets].filter((target) => target !== undefined))]
}

function resolve(request: Written, reference: string): string | undefined {
  const base = parse(`http://${request.host}${originForm(request) ?? '/'}`)
  const url = base && parse(reference, base)
  // The scheme is not told apart: behind a proxy that ends TLS the application does not know its own.
  const same = url !== undefined && url.host === base?.host && /^https?:$/.test(url.protocol)
  return same ? url.pathname + url.search : undefined
}

function originForm({ target }: Written): string | undefined {
  if (target.startsWith('/')) return target
  const url = parse(target)
  return url && url.pathname + url.search
}

function parse(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined
}
