/** Claims about a caller, by their exact names (`sub`, `https://shop.example/org`). Read with `Object.hasOwn`. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * A request as identity sources see it: what adapters build, each from its framework's own request. Everything is
 * read lazily, at the moment an identity is asked for, so authentication may have run in between.
 *
 * {@link createIdentityRequest} builds one from raw parts.
 */
export interface IdentityRequest {
  /** The value of a header by its lower-case name, several lines joined with `', '`; `undefined` where there is none. */
  header(name: string): string | undefined
  /** Every field line of that lower-case name, as received (`['']` for an empty one, `[]` for none). */
  lines(name: string): readonly string[]
  /** Every field name as received, repeated ones too: shows underscore twins, such as `x_org_id` beside `x-org-id`. */
  names(): readonly string[]
  /** Remote address of the socket, never of a forwarding header; `undefined` where there is no socket to ask. */
  readonly peer: string | undefined
  /** Claims that the application's own authentication **has verified**; `undefined` where it has verified none. */
  claims(): Claims | undefined
  /** The caller's session; `isNew` where this request did not bring it; `undefined` where there is none. */
  session(): { readonly id: string; readonly isNew: boolean } | undefined
  /** The framework's own request (Express `req`, Hono `c`, Nest's request). */
  readonly native: unknown
}

/**
 * Why a caller was refused an identity: a fixed list, fit for a metric's label.
 *
 * - `conflict`: two sources of one level name different ids
 * - `invalid`: a source has a value and it is no id (rule R-12)
 * - `ambiguous`: a header repeated, listing several values, or with a twin (`x_org_id` beside `x-org-id`)
 * - `untrusted`: an identity header sent by a peer that is not trusted
 * - `expired`: a token past its `exp`
 * - `unverified`: a token that does not verify for another reason, or something that is no token where one belongs
 * - `failed`: a source threw, or the keys of an issuer could not be had
 */
export type RefusalReason = 'conflict' | 'invalid' | 'ambiguous' | 'untrusted' | 'expired' | 'unverified' | 'failed'

/**
 * Who asks, as far as it is known. Only `resolved` may place a caller in a scope, and only at the levels it has ids
 * for. `unresolved` (nobody said anything) and `refused` (what was said cannot be trusted) share with nobody.
 */
export type Resolution =
  | {
      readonly status: 'resolved'
      /** Level to id, valid by rule R-12; a null-prototype object that holds declared levels only. */
      readonly ids: Readonly<Record<string, string>>
      /** What verified sources say about the caller, for `varyBy: { claims }`; a null-prototype copy. */
      readonly claims?: Claims
    }
  | { readonly status: 'unresolved' }
  | {
      readonly status: 'refused'
      readonly reason: RefusalReason
      /** The declared level that refused. */
      readonly level?: string
    }

/**
 * Finds out who asks. It answers synchronously where every source does: callers await only what is a promise.
 *
 * Nothing a request holds makes it throw or reject. It rejects with `ERR_CACHE_CONFIG` for a mistake of the
 * application that only a request can show (`jose` not installed): that is to be seen, not bypassed.
 *
 * It keeps no time itself: a source that never answers is for the caller to give up on (rule R-01).
 */
export interface IdentityResolver {
  (request: IdentityRequest): Resolution | Promise<Resolution>
  /** The levels it can place, to be compared with the declared ones: a misspelt level would never be cached. */
  readonly levels?: readonly string[]
  /** It never promises: who needs its answer later need not ask now. */
  readonly immediate?: boolean
}
