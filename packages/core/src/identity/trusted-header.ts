import { configError } from '../cache-error.js'
import type { IdentityReader } from './identity-source.js'
import { networkList } from './network-list.js'
import { singleHeader } from './single-header.js'

/**
 * Whether a socket's peer may say who asks.
 *
 * @param peer remote address of the socket, `undefined` where there is none (a Unix socket, a Worker)
 * @param native the framework's own request, for what vouches otherwise: a client certificate, a shared secret
 * @returns `true` and nothing else to trust it: a promise is not `true`
 */
export type TrustPredicate = (peer: string | undefined, native: unknown) => boolean

/** Who may set an identity header: a predicate, or addresses and networks (`['10.0.0.0/8', '::1']`). */
export interface TrustedHeaderOptions {
  readonly trust: TrustPredicate | readonly string[]
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/**
 * A header as an id, set by a gateway that has authenticated the caller. It counts only when the **socket's peer** is
 * trusted; `X-Forwarded-For` has no say, since anybody can write it.
 *
 * Whatever is not one clear statement refuses the identity, not just this source:
 *
 * - a peer that is not trusted sent it (`untrusted`). Ignoring it would serve a handler's answer under the verified
 *   identity although the handler may well read the header; refusing costs its sender the cache, nobody else
 * - it came twice, holds a `,`, or has a twin such as `x_org_id` (`ambiguous`)
 * - it is empty, no id, or not ASCII (`invalid`): servers disagree about the characters that other bytes stand for
 *
 * @param name matched without regard to case
 * @throws CacheError `ERR_CACHE_CONFIG` for what is no header name, and for a `trust` that is neither a function nor a
 *   list of networks (`/0` is refused: trusting everybody is to be said by a function)
 * @example
 * ```ts
 * import { claim, identityFrom, trustedHeader } from '@cacheado/core/identity'
 *
 * const identity = identityFrom({
 *   organization: [claim('org_id'), trustedHeader('x-org-id', { trust: ['10.0.0.0/8', '127.0.0.1', '::1'] })],
 * })
 * ```
 */
export function trustedHeader(name: string, options: TrustedHeaderOptions): IdentityReader {
  const read = singleHeader(name, 'trustedHeader.name')
  const trusts = trustPredicate(options?.trust)
  return {
    readId(request) {
      const header = read(request)
      if (header === undefined) return undefined
      // A promise is truthy: only `true` itself is consent.
      if (trusts(request.peer, request.native) !== true) return { refused: 'untrusted' }
      return 'found' in header && !PRINTABLE_ASCII.test(header.found) ? { refused: 'invalid' } : header
    },
  }
}

function trustPredicate(trust: TrustedHeaderOptions['trust'] | undefined): TrustPredicate {
  if (typeof trust === 'function') return trust
  if (!Array.isArray(trust) || trust.length === 0) {
    throw configError('trustedHeader.trust', 'a function of the peer, or a list of addresses and networks')
  }
  return networkList(trust as readonly string[], 'trustedHeader.trust')
}
