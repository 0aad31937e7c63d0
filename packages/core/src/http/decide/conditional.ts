import type { HttpRequest } from '../http-request.js'
import { parseEntityTag, parseEntityTags } from '../syntax/entity-tag.js'
import { parseHttpDate } from '../syntax/http-date.js'

/** What a representation can be recognised by. */
export interface Validators {
  /** Its ETag as sent. */
  readonly etag: string | undefined
  /** When it was last modified, in milliseconds since the epoch; for a stored one without that date, when it was made. */
  readonly modified: number | undefined
}

/** The request fields that make a GET conditional; hidden from a handler whose answer is to be complete. */
export const CONDITIONAL_FIELDS = ['if-none-match', 'if-modified-since'] as const

/** Fields a 304 does without: they describe content that is not sent (RFC 9110 §15.4.5). */
export const CONTENT_FIELDS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'last-modified',
  'transfer-encoding',
] as const

/** Whether a request asks to be spared a representation that it has. */
export function isConditional(request: HttpRequest): boolean {
  return CONDITIONAL_FIELDS.some((name) => request.header(name) !== undefined)
}

/**
 * Whether the client's own copy is still good, so that 304 answers it (RFC 9110 §13.2.2): If-None-Match by weak comparison,
 * lists and `*`; only where that is absent If-Modified-Since, by one of the three date formats.
 *
 * @param now wall clock
 */
export function isNotModified(request: HttpRequest, validators: Validators, now: number): boolean {
  const noneMatch = request.header('if-none-match')
  if (noneMatch !== undefined) return matches(noneMatch, validators.etag)
  const since = request.header('if-modified-since')
  if (since === undefined || validators.modified === undefined) return false
  const instant = parseHttpDate(since, now)
  return instant !== undefined && validators.modified <= instant
}

function matches(noneMatch: string, etag: string | undefined): boolean {
  const asked = parseEntityTags(noneMatch)
  if (asked === '*') return true
  const current = etag === undefined ? undefined : parseEntityTag(etag)
  return current !== undefined && asked.some((tag) => tag.opaque === current.opaque)
}
