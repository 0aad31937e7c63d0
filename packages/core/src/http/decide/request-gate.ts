import type { HttpRequest } from '../http-request.js'
import type { RequestBypass } from '../reasons.js'
import type { ForwardReason } from '../syntax/cache-status.js'
import { CacheControl } from '../syntax/cache-control.js'

/** Whether a request may be answered from a cache, as far as the request alone can say. */
export type RequestVerdict =
  | { readonly kind: 'eligible'; readonly onlyIfCached: boolean }
  | { readonly kind: 'bypass'; readonly fwd: ForwardReason; readonly reason: RequestBypass }

const ELIGIBLE: RequestVerdict = { kind: 'eligible', onlyIfCached: false }
const ELIGIBLE_ONLY_IF_CACHED: RequestVerdict = { kind: 'eligible', onlyIfCached: true }

/** Headers by which servers let a request pretend to another method. */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']
/** Preconditions that a stored response cannot answer. */
const PRECONDITIONS = ['if-match', 'if-unmodified-since']

const HOST = /^[^\s,/?#@\\]+$/
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const TARGET = /^[^\u0000- \u007f]+$/
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i
/** A scheme and its parameters, quoted values emptied: the only credentials in which commas belong (RFC 9110 §11.4). */
const ONE_SET_OF_PARAMETERS =
  /^[^\s,="]+[ \t]+[^\s,="]+[ \t]*=[^\s,"]*(?:"")?(?:[ \t]*,[ \t]*[^\s,="]+=[^\s,"]*(?:"")?)*$/

/**
 * The gates a request passes before anybody asks who sent it: method, body, ambiguity (rule R-10), what the client forbids
 * (rule R-07: it can only make a request less cached).
 */
export function gateRequest(request: HttpRequest): RequestVerdict {
  if (request.method !== 'GET' && request.method !== 'HEAD') return bypass('method', 'method')
  if (hasBody(request)) return bypass('request', 'request-body')
  if (request.header('upgrade') !== undefined) return bypass('request', 'upgrade')
  if (hasAny(request, METHOD_OVERRIDES)) return bypass('request', 'method-override')
  if (isAmbiguous(request)) return bypass('request', 'ambiguous')
  if (request.header('range') !== undefined) return bypass('request', 'range')
  if (hasAny(request, PRECONDITIONS)) return bypass('request', 'precondition')
  return gateDirectives(request.header('cache-control'))
}

function gateDirectives(cacheControl: string | undefined): RequestVerdict {
  if (cacheControl === undefined) return ELIGIBLE
  const asked = new CacheControl([cacheControl])
  if (asked.has('no-store')) return bypass('request', 'request-no-store')
  return asked.has('only-if-cached') ? ELIGIBLE_ONLY_IF_CACHED : ELIGIBLE
}

function hasAny(request: HttpRequest, names: readonly string[]): boolean {
  for (const name of names) if (request.header(name) !== undefined) return true
  return false
}

function hasBody(request: HttpRequest): boolean {
  if (request.header('transfer-encoding') !== undefined) return true
  const length = request.header('content-length')
  return length !== undefined && length !== '0'
}

/** Whether two readers of this request could disagree about whom it names or where it goes. */
function isAmbiguous(request: HttpRequest): boolean {
  if (!HOST.test(request.host) || !TARGET.test(request.target)) return true
  if (request.target.charCodeAt(0) !== SLASH && !namesItsHost(request)) return true
  const authorization = request.header('authorization')
  return (
    authorization !== undefined && (request.lines('authorization').length > 1 || isSeveralCredentials(authorization))
  )
}

const SLASH = 0x2f

function namesItsHost({ target, host }: HttpRequest): boolean {
  const absolute = ABSOLUTE_FORM.exec(target)
  return absolute !== null && (absolute[1] as string).toLowerCase() === host
}

/** Where lines arrive joined: a value that no single set of credentials has. */
function isSeveralCredentials(authorization: string): boolean {
  if (authorization === '') return true
  return authorization.includes(',') && !ONE_SET_OF_PARAMETERS.test(withEmptyQuotes(authorization))
}

/** The value with nothing left between its quotes; one that never closes is left alone there, and fits no grammar. */
function withEmptyQuotes(value: string): string {
  let text = ''
  let quoted = false
  for (let at = 0; at < value.length; at++) {
    const character = value[at] as string
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') at++
    if (!quoted || character === '"') text += character
  }
  return text
}

function bypass(fwd: ForwardReason, reason: RequestBypass): RequestVerdict {
  return { kind: 'bypass', fwd, reason }
}
