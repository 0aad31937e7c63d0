import type { HttpRequest } from '../http-request.js'

/** Which parts of a request are credentials, apart from `Authorization` and `Proxy-Authorization`. */
export interface CredentialNames {
  /** Cookie names, compared exactly. `undefined`: the application named none, so nobody knows which cookie is one. */
  readonly cookies: ReadonlySet<string> | undefined
  /** Header names in lower case. */
  readonly headers: ReadonlySet<string>
}

/** Whether a request carries a credential that the application knows as one (rule R-04). */
export function carriesCredential(request: HttpRequest, names: CredentialNames): boolean {
  if (request.header('authorization') !== undefined || request.header('proxy-authorization') !== undefined) return true
  for (const name of names.headers) if (request.header(name) !== undefined) return true
  return names.cookies !== undefined && names.cookies.size > 0 && carriesCookie(request, names.cookies)
}

/**
 * Whether a request carries nothing that could tell who sent it: what `anonymous: 'global'` shares an entry among. Where the
 * application has not named its credential cookies, any cookie may be one.
 */
export function isAnonymous(request: HttpRequest, names: CredentialNames): boolean {
  if (carriesCredential(request, names)) return false
  if (names.cookies === undefined && request.header('cookie') !== undefined) return false
  if (request.claims() !== undefined) return false
  return request.session()?.isNew !== false
}

function carriesCookie(request: HttpRequest, names: ReadonlySet<string>): boolean {
  const cookies = request.header('cookie')
  if (cookies === undefined) return false
  // Split at commas too: servers disagree about how several Cookie lines are joined, and a guess too many only bypasses.
  return cookies.split(/[;,]/).some((pair) => names.has((pair.split('=', 1)[0] as string).trim()))
}
