import { isToken } from './header-fields.js'

/** Why a request went to the handler (RFC 9211 §2.2). */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial'

/** What one cache did with a request (RFC 9211). */
export interface CacheStatus {
  /** Answered from the cache. Excludes `fwd`. */
  readonly hit?: boolean | undefined
  readonly fwd?: ForwardReason | undefined
  /** The handler's status, where it is not the one the client gets. */
  readonly fwdStatus?: number | undefined
  /** Whole seconds the stored response stays fresh; negative where it is stale. */
  readonly ttl?: number | undefined
  /** The response goes into the cache. */
  readonly stored?: boolean | undefined
  /** Shared the handler run of another request. */
  readonly collapsed?: boolean | undefined
  /** A token from a fixed list. */
  readonly detail?: string | undefined
}

/** A Cache-Status member of the named cache. */
export function formatCacheStatus(name: string, status: CacheStatus): string {
  let text = member(name)
  if (status.hit) text += '; hit'
  if (status.fwd !== undefined) text += `; fwd=${status.fwd}`
  if (status.fwdStatus !== undefined) text += `; fwd-status=${status.fwdStatus}`
  if (status.ttl !== undefined) text += `; ttl=${status.ttl}`
  if (status.stored) text += '; stored'
  if (status.collapsed) text += '; collapsed'
  if (status.detail !== undefined) text += `; detail=${status.detail}`
  return text
}

/** A name that is a Structured Fields token as it is, any other as a string (RFC 8941 §3.3). */
function member(name: string): string {
  const token = isToken(name) && /^[A-Za-z*]/.test(name)
  return token ? name : `"${name.replace(/["\\]/g, String.raw`\$&`)}"`
}
