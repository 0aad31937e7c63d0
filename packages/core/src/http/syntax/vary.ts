import { isToken, listMembers } from './header-fields.js'

/** What a Vary field says (RFC 9110 §12.5.5). */
export type Vary =
  /** These request fields, in lower case, each once, in their first order; none where the field is absent. */
  | { readonly kind: 'names'; readonly names: readonly string[] }
  /** `*` stood somewhere in it: no request will ever match. */
  | { readonly kind: 'any' }
  /** A member is no field name. */
  | { readonly kind: 'malformed' }

const NOTHING: Vary = { kind: 'names', names: [] }

/** Reads every line of a Vary field. */
export function parseVary(lines: readonly string[] | undefined): Vary {
  if (lines === undefined) return NOTHING
  const members = listMembers(lines)
  if (members.includes('*')) return { kind: 'any' }
  if (!members.every(isToken)) return { kind: 'malformed' }
  return { kind: 'names', names: [...new Set(members.map((name) => name.toLowerCase()))] }
}
