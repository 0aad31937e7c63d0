import { configError } from '../cache-error.js'
import type { ClaimIdentity, ClaimsFunction, ClaimsSource } from './identity-source.js'

/**
 * A verified claim as an id. Without `from` it reads what the application's own authentication has verified (Express
 * `req.auth` and `req.user`, Hono `c.get('jwtPayload')`, the user of a Nest guard); nothing decodes an unverified token.
 *
 * The name is that of an own property, taken literally: `https://shop.example/org` and `org.id` are names, not paths,
 * and `constructor` is no claim of anybody. A claim that is absent leaves the level to its other sources. One that is
 * present and no id (`null`, a boolean, a list, an object, 300 bytes) refuses the identity.
 *
 * @param name the claim's exact name
 * @param from where else verified claims are: {@link verifiedJwt}, or a function of the framework's own request
 * @throws CacheError `ERR_CACHE_CONFIG` for an empty name or a `from` that is neither
 * @example
 * ```ts
 * import { claim, identityFrom } from '@cacheado/core/identity'
 *
 * const identity = identityFrom({
 *   organization: claim('https://shop.example/org'),
 *   user: claim('sub', (req: { session: { account?: { sub: string } } }) => req.session.account),
 * })
 * ```
 */
export function claim<Native = unknown>(name: string, from?: ClaimsSource | ClaimsFunction<Native>): ClaimIdentity {
  if (typeof name !== 'string' || name === '') throw configError('claim.name', 'the name of a claim')
  if (from !== undefined && typeof from !== 'function' && typeof from?.readClaims !== 'function') {
    throw configError('claim.from', 'verifiedJwt(…) or a function of the request that gives verified claims')
  }
  // The function's parameter type is the application's promise about its framework; nothing here can check it.
  return { claim: name, from: from as ClaimIdentity['from'] }
}
