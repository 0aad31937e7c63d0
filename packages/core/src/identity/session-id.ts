import type { IdentityReader } from './identity-source.js'

/**
 * The id of the caller's session. It finds nothing for a session that this request did not bring (`isNew`): its id is
 * made up on the spot, so a scope of that name would never be asked for again.
 *
 * A session id is a credential: declare its level `secret` in `defineScopes`.
 *
 * @example
 * ```ts
 * import { claim, identityFrom, sessionId } from '@cacheado/core/identity'
 *
 * const identity = identityFrom({ user: claim('sub'), session: sessionId() })
 * ```
 */
export function sessionId(): IdentityReader {
  return {
    readId(request) {
      const session = request.session()
      return session !== undefined && session.isNew === false ? { found: session.id } : undefined
    },
  }
}
