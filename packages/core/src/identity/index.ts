/**
 * Who asks: where the ids of a request's caller come from, one definition for every framework.
 *
 * @packageDocumentation
 */
export { claim } from './claim.js'
export { createIdentityRequest, fieldPairs } from './create-identity-request.js'
export type { IdentityRequestParts } from './create-identity-request.js'
export { identityFrom } from './identity-from.js'
export type { IdentitySpec, LevelSource } from './identity-plan.js'
export type { Claims, IdentityRequest, IdentityResolver, RefusalReason, Resolution } from './identity-request.js'
export type {
  Awaitable,
  ClaimIdentity,
  ClaimsFunction,
  ClaimsSource,
  Finding,
  IdentityFunction,
  IdentityReader,
  IdentitySource,
} from './identity-source.js'
export type { JwtKeys, PublicKey } from './jwt-keys.js'
export type { JwtAlgorithm, JwtChecks, VerifiedJwtOptions } from './jwt-options.js'
export { sessionId } from './session-id.js'
export { trustedHeader } from './trusted-header.js'
export type { TrustedHeaderOptions, TrustPredicate } from './trusted-header.js'
export { verifiedJwt } from './verified-jwt.js'
