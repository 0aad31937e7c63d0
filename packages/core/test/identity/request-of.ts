import { createIdentityRequest, type IdentityRequest } from '@cacheado/core/identity'

/** A request as a test describes it. */
export interface Described {
  readonly headers?: readonly (readonly [string, string])[] | undefined
  readonly peer?: string | undefined
  readonly claims?: unknown
  readonly session?: { readonly id: string; readonly isNew: boolean } | undefined
  readonly native?: unknown
}

export function requestOf({ headers = [], peer, claims, session, native = {} }: Described): IdentityRequest {
  return createIdentityRequest({
    fields: () => headers,
    peer: () => peer,
    claims: () => claims as Record<string, unknown> | undefined,
    session: () => session,
    native,
  })
}
