import { listMembers, type FieldLines, type HeaderField, type HeaderFields } from '../syntax/header-fields.js'
import { onlyDroppedCookies } from './set-cookie.js'

/** What a route adds to the fields that are never stored. */
export interface ReplayRules {
  /** Field names, in lower case. */
  readonly omitHeaders: ReadonlySet<string>
  readonly setCookie: 'refuse' | 'store' | ReadonlySet<string>
}

/** About one connection or one exchange, not about the response (RFC 9111 §3.1, rule R-19). */
const NEVER_STORED = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
  'alt-svc',
  'cache-status',
  'server-timing',
  'x-response-time',
  'x-runtime',
  'b3',
  'cf-ray',
  'correlation-id',
  'request-id',
  'trace-id',
  'traceparent',
  'traceresponse',
  'tracestate',
  'x-amz-request-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-correlation-id',
  'x-request-id',
  'x-trace-id',
  'ratelimit',
])
const NEVER_STORED_FAMILIES = ['proxy-', 'ratelimit-', 'x-ratelimit-', 'x-rate-limit-', 'x-b3-', 'x-datadog-']

/**
 * The fields that are stored and replayed byte for byte, repeated lines kept: what the handler set, without what concerns
 * one connection or one exchange, what `Connection` names, what the route omits and what qualified directives withhold.
 *
 * @param before the fields that stood when the handler began: others set them, and set them anew on every hit
 * @param withheld field names, in lower case, of `private="…"` and `no-cache="…"`
 */
export function replayFields(
  fields: HeaderFields,
  lines: FieldLines,
  before: FieldLines,
  rules: ReplayRules,
  withheld: readonly string[],
): HeaderFields {
  const named = new Set([...listMembers(lines.get('connection') ?? []).map((name) => name.toLowerCase()), ...withheld])
  return fields.filter((field) => {
    const name = field[0].toLowerCase()
    if (NEVER_STORED.has(name) || NEVER_STORED_FAMILIES.some((family) => name.startsWith(family))) return false
    if (named.has(name) || rules.omitHeaders.has(name) || isDroppedCookie(name, field, rules)) return false
    return !isUnchanged(lines.get(name) as readonly string[], before.get(name))
  })
}

function isDroppedCookie(name: string, field: HeaderField, { setCookie }: ReplayRules): boolean {
  return name === 'set-cookie' && typeof setCookie !== 'string' && onlyDroppedCookies([field[1]], setCookie)
}

function isUnchanged(now: readonly string[], before: readonly string[] | undefined): boolean {
  return before !== undefined && before.length === now.length && before.every((line, at) => line === now[at])
}
