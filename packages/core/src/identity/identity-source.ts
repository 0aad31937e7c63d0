import type { Id } from '../id.js'
import type { Claims, IdentityRequest, RefusalReason } from './identity-request.js'

/** What a source found: nothing (`undefined`), a value that is still to be checked, or a reason to refuse. */
export type Finding<T> = { readonly found: T } | { readonly refused: RefusalReason } | undefined

/** A value, or a promise of it where finding it takes time: no promise is made where none is needed. */
export type Awaitable<T> = T | Promise<T>

/**
 * Where verified claims come from; {@link verifiedJwt} makes one. A request without any gives `undefined`; one that
 * tries and fails gives a reason, and is then refused an identity altogether.
 */
export interface ClaimsSource {
  readonly readClaims: (request: IdentityRequest) => Awaitable<Finding<Claims>>
}

/** Takes claims **that have been verified** from the framework's own request; `undefined` where there are none. */
export type ClaimsFunction<Native = unknown> = (native: Native) => Claims | undefined | Promise<Claims | undefined>

/** Takes an id from the framework's own request; `undefined` where it has none. Whatever else it gives must be an id. */
export type IdentityFunction<Native = unknown> = (native: Native) => Id | undefined | Promise<Id | undefined>

/** One claim as an id; what {@link claim} returns. */
export interface ClaimIdentity {
  readonly claim: string
  /** `undefined`: the claims the application's own authentication has verified. */
  readonly from: ClaimsSource | ClaimsFunction | undefined
}

/** Something of the request as an id; what {@link trustedHeader} and {@link sessionId} return. */
export interface IdentityReader {
  readonly readId: (request: IdentityRequest) => Awaitable<Finding<unknown>>
}

/** Where the id of a level comes from. Made by {@link claim}, {@link trustedHeader} and {@link sessionId}. */
export type IdentitySource = ClaimIdentity | IdentityReader

/** A function of the framework's own request as a source: `undefined` is nothing found. */
export function readNative(
  read: (native: unknown) => unknown,
): (request: IdentityRequest) => Awaitable<Finding<unknown>> {
  return (request) => {
    const value = read(request.native)
    return isPromiseLike(value) ? Promise.resolve(value).then(findingOf) : findingOf(value)
  }
}

/** A value as a finding. */
export function findingOf<T>(value: T | undefined): Finding<T> {
  return value === undefined ? undefined : { found: value }
}

/** Whether something is to be awaited, whichever realm or library made it. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
