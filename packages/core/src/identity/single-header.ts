import { configError } from '../cache-error.js'
import type { IdentityRequest } from './identity-request.js'
import type { Finding } from './identity-source.js'

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const NOT_ALPHANUMERIC = /[^0-9a-z]/g

/**
 * Reads a header that must say one thing only: repeated, holding a list, or accompanied by a twin, it is `ambiguous`
 * (rules ). A twin is a name that gateways and CGI-like servers fold into this one: `x_org_id` for
 * `x-org-id`. A proxy that strips or sets the one may let the other through.
 *
 * @param name as the application spells it; matched without regard to case
 * @param option the option's path, named by the error
 * @throws CacheError `ERR_CACHE_CONFIG` for what is no field name (RFC 9110 §5.1)
 */
export function singleHeader(name: string, option: string): (request: IdentityRequest) => Finding<string> {
  const wanted = typeof name === 'string' ? name.toLowerCase() : ''
  if (!FIELD_NAME.test(wanted)) throw configError(option, 'a header name')
  const folded = fold(wanted)

  return (request) => {
    for (const received of request.names()) {
      if (received.length === wanted.length && isTwin(received.toLowerCase())) return { refused: 'ambiguous' }
    }
    const lines = request.lines(wanted)
    const value = lines[0]
    if (value === undefined) return undefined
    return lines.length > 1 || value.includes(',') ? { refused: 'ambiguous' } : { found: value }
  }

  function isTwin(received: string): boolean {
    return received !== wanted && fold(received) === folded
  }
}

function fold(name: string): string {
  return name.replace(NOT_ALPHANUMERIC, '-')
}
