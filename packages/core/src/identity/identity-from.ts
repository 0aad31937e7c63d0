import { isCacheError } from '../cache-error.js'
import { identityPlan, type IdentitySpec, type Reader } from './identity-plan.js'
import type { IdentityRequest, IdentityResolver, Resolution } from './identity-request.js'
import { type Awaitable, type Finding, isPromiseLike } from './identity-source.js'
import { judge } from './judge.js'

/**
 * Says where the ids of each level come from: one definition for every framework.
 *
 * A level takes one source or a list: {@link claim}, {@link trustedHeader}, {@link sessionId}, or any function of the
 * framework's own request. Every source of every level is asked, and the answer is all or nothing:
 *
 * - a level of which no source has anything is just not placed; with no level placed the answer is `unresolved`
 * - two sources of one level with different ids refuse the whole identity (`conflict`); their order decides nothing
 * - a value that is no id (rule R-12), a token that does not verify, a header that cannot be trusted, a source that
 *   throws: each refuses the whole identity, with a reason and never with a value
 *
 * `undefined` alone means "nothing here". A function that gives `null`, `''` or `NaN` gives no id and is refused.
 *
 * The claims of all verified sources are returned together. One that two sources carry with different values counts
 * as the list of both, so that nothing varied by it is shared between callers who differ in either.
 *
 * @typeParam Native the framework's request that functions take; inferred from their parameter
 * @throws CacheError `ERR_CACHE_CONFIG` for no level, a bad level name, and what is no source
 * @example
 * ```ts
 * import { claim, identityFrom, sessionId, trustedHeader } from '@cacheado/core/identity'
 *
 * const identity = identityFrom({
 *   organization: [claim('org_id'), trustedHeader('x-org-id', { trust: ['10.0.0.0/8'] })],
 *   user: claim('sub'),
 *   session: sessionId(),
 *   tenant: (req: { tenantId?: string }) => req.tenantId,
 * })
 * ```
 */
export function identityFrom<Native = unknown>(spec: IdentitySpec<Native>): IdentityResolver {
  const plan = identityPlan(spec)
  const resolve = (request: IdentityRequest): Resolution | Promise<Resolution> => {
    const findings = plan.readers.map((reader) => ask(reader, request))
    if (findings.every(isSettled)) return judge(plan, findings)
    return Promise.all(findings.map((finding) => Promise.resolve(finding))).then((settled) => judge(plan, settled))
  }
  return Object.assign(resolve, {
    levels: Object.freeze([...new Set(plan.slots.map((slot) => slot.level))]),
    // The only reader is then that of the application's own claims.
    immediate: plan.readers.length === 1,
  })
}

function isSettled(finding: Awaitable<Finding<unknown>>): finding is Finding<unknown> {
  return !isPromiseLike(finding)
}

/** Asks one source. That it throws is a finding; that the application is misconfigured has to be heard. */
function ask(reader: Reader, request: IdentityRequest): Awaitable<Finding<unknown>> {
  try {
    const finding = reader(request)
    return isPromiseLike(finding) ? Promise.resolve(finding).catch(failure) : finding
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): Awaitable<Finding<unknown>> {
  return isCacheError(error, 'ERR_CACHE_CONFIG') ? Promise.reject(error) : { refused: 'failed' }
}
