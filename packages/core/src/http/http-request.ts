import type { IdentityRequest } from '../identity/identity-request.js'

/**
 * A request as the HTTP engine sees it: what adapters build, each from its framework's own request. Reads are lazy and
 * show the request as the handler will see it.
 */
export interface HttpRequest extends IdentityRequest {
  /** As received, case and all. */
  readonly method: string
  /** The request target as received, of the whole application: `originalUrl`, never what a mounted router leaves of it. */
  readonly target: string
  /** The authority asked for (`Host`, `:authority`) in lower case; empty where there is none. */
  readonly host: string
}
