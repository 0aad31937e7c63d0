import type { Claims, IdentityRequest } from './identity-request.js'
import type { Awaitable, ClaimsSource, Finding } from './identity-source.js'
import { jwtRules, type VerifiedJwtOptions } from './jwt-options.js'
import { createJwtVerifier, type JwtVerifier } from './jwt-verifier.js'
import { singleHeader } from './single-header.js'

/** A compact JWS with all three parts: an unsigned token has no third (RFC 7515 §7.1). */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/
const BEARER = /^bearer +/i

/**
 * Claims of a JSON Web Token that this verifies itself, with `jose` (an optional peer dependency: `npm i jose`). For
 * applications **without** an authentication step of their own; one that has it uses `claim(name)` alone.
 *
 * A token counts while all of this holds, checked anew on every request, so that a hit goes only to a token that is
 * valid now:
 *
 * - its algorithm is in `algorithms`, and its signature verifies with the configured key; `kid` only chooses within
 *   the configured set, and keys or addresses inside the token are not looked at
 * - `exp` is there and not reached, `nbf` is reached; both are finite numbers
 * - `iss`, `aud` and `typ` are the configured ones; without `audience`, it names none
 *
 * No header: no claims. A header that holds anything else (another scheme word than `Bearer`, two tokens, an opaque
 * one) or a token that does not count refuses the identity: `expired`, `unverified`, `ambiguous`, or `failed` where
 * the issuer's keys could not be had. Then the application answers without a cache.
 *
 * Keys from `jwksUri` are fetched at the first token, waiting at most 2 s, and every ten minutes; an issuer that could
 * not be reached is left alone for 5 s.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` at once for options under which a token could count that should not; on the
 *   first token (as a rejection of the identity) where `jose` is not installed
 * @example
 * ```ts
 * import { claim, identityFrom, verifiedJwt } from '@cacheado/core/identity'
 *
 * const token = verifiedJwt({
 *   algorithms: ['RS256'],
 *   jwksUri: 'https://id.example.com/.well-known/jwks.json',
 *   issuer: 'https://id.example.com/',
 *   audience: 'shop-api',
 * })
 * const identity = identityFrom({ organization: claim('org_id', token), user: claim('sub', token) })
 * ```
 */
export function verifiedJwt(options: VerifiedJwtOptions): ClaimsSource {
  const rules = jwtRules(options)
  const readToken = tokenReader(rules.header)
  const verified = new WeakMap<object, { readonly token: string; readonly claims: Promise<Finding<Claims>> }>()
  let verifier: Promise<JwtVerifier> | undefined

  return {
    readClaims(request): Awaitable<Finding<Claims>> {
      const token = readToken(request)
      if (token === undefined || 'refused' in token) return token
      const owner = ownerOf(request)
      const known = verified.get(owner)
      // Once per request; a request whose token was replaced on the way is another caller.
      if (known?.token === token.found) return known.claims
      verifier ??= createJwtVerifier(rules)
      const claims = verifier.then((verify) => verify(token.found))
      verified.set(owner, { token: token.found, claims })
      return claims
    },
  }
}

function tokenReader(header: string): (request: IdentityRequest) => Finding<string> {
  const read = singleHeader(header, 'verifiedJwt.header')
  const schemed = header.toLowerCase() === 'authorization'
  return (request) => {
    const value = read(request)
    if (value === undefined || 'refused' in value) return value
    if (schemed && !BEARER.test(value.found)) return { refused: 'unverified' }
    const token = schemed ? value.found.replace(BEARER, '') : value.found
    return TOKEN.test(token) ? { found: token } : { refused: 'unverified' }
  }
}

/** What lives exactly as long as the request: the framework's own object, where it has one. */
function ownerOf(request: IdentityRequest): object {
  return typeof request.native === 'object' && request.native !== null ? request.native : request
}
