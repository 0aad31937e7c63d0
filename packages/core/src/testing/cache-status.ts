/** What a fetch `Response`, supertest's, `http.IncomingMessage` and the like have in common. */
export interface AnyResponse {
  readonly headers: object
}

/** What one cache says about a response (RFC 9211 §2). */
export interface CacheStatusOfResponse {
  /** Answered from the cache. */
  readonly hit: boolean
  /** Why the request went to the handler: `uri-miss`, `stale`, `bypass` …; `undefined` for a hit. */
  readonly fwd: string | undefined
  /** The handler's status, where it is not the one the client got. */
  readonly fwdStatus: number | undefined
  /** Whole seconds the stored response stays fresh; negative where it is stale. */
  readonly ttl: number | undefined
  /** The response went into the cache. */
  readonly stored: boolean
  /** Shared the handler run of another request. */
  readonly collapsed: boolean
  /** More about it, from a fixed list. */
  readonly detail: string | undefined
}

/**
 * What cacheado says about a response in its `Cache-Status` field, or `undefined` where it says nothing.
 *
 * @param response of fetch, Hono's `app.request()`, supertest, `http.get` …: whatever has `headers`
 * @param name the cache's name in the field. Default: `'cacheado'`
 * @example
 * ```ts
 * const response = new Response('[]', { headers: { 'cache-status': 'cacheado; hit; ttl=41' } })
 * cacheStatus(response)?.hit // true
 * cacheStatus(response)?.ttl // 41
 * ```
 */
export function cacheStatus(response: AnyResponse, name = 'cacheado'): CacheStatusOfResponse | undefined {
  const members = split(fieldValue(response.headers), MEMBER).map((member) => split(member, PARAMETER))
  // A cache appends its member to those of the caches behind it (RFC 9211 §2).
  const ours = members.findLast(([cache]) => bare(cache) === name)
  if (ours === undefined) return undefined
  const parameters = new Map(ours.slice(1).map(parameter))
  const flag = (of: string) => parameters.has(of) && parameters.get(of) !== '?0'
  const integer = (of: string) => (parameters.has(of) ? Number(parameters.get(of)) : undefined)
  return {
    hit: flag('hit'),
    fwd: parameters.get('fwd'),
    fwdStatus: integer('fwd-status'),
    ttl: integer('ttl'),
    stored: flag('stored'),
    collapsed: flag('collapsed'),
    detail: parameters.get('detail'),
  }
}

const FIELD = 'cache-status'

/** The field's lines as one, from `Headers` or from a record in whatever letter case. */
function fieldValue(headers: object): string {
  if ('get' in headers && typeof headers.get === 'function') return String(headers.get(FIELD) ?? '')
  const lines: unknown[] = Object.entries(headers).flatMap(([name, value]) =>
    name.toLowerCase() === FIELD ? value : [],
  )
  return lines.join(', ')
}

const MEMBER = /(?:"(?:\\.|[^"\\])*"|[^",])+/g
const PARAMETER = /(?:"(?:\\.|[^"\\])*"|[^";])+/g

/** What stands between separators; those in quoted strings are none (RFC 8941 §3.3.3). */
function split(text: string, part: RegExp): string[] {
  return (text.match(part) ?? []).map((found) => found.trim()).filter(Boolean)
}

function parameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  return at === -1 ? [text, '?1'] : [text.slice(0, at), bare(text.slice(at + 1))]
}

/** A string without its quotes, a token as it is. */
function bare(text = ''): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}
