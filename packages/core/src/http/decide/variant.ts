import { digest } from '../../digest.js'
import type { HttpRequest } from '../http-request.js'
import { listMembers } from '../syntax/header-fields.js'

/** Headers whose values are credentials: only a digest of them enters a key. */
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie'])

/**
 * What a request has for the named headers, as text that is equal exactly where RFC 9111 §4.1 calls two requests equal:
 * absent equals absent and nothing else, lines of one field are combined, white space around list members is of no matter,
 * languages are compared by preference. Injective: names and values are kept apart by their JSON.
 *
 * @param names lower-case header names, in an order that is the same for all requests compared
 * @param secret further names, in lower case, whose values are credentials
 */
export function variantText(request: HttpRequest, names: readonly string[], secret: ReadonlySet<string>): string {
  const values = names.map((name) => [name, valueFor(request, name, SECRET.has(name) || secret.has(name))])
  return JSON.stringify(values)
}

function valueFor(request: HttpRequest, name: string, isSecret: boolean): string | null {
  const lines = request.lines(name)
  if (lines.length === 0) return null
  if (isSecret) return digest(JSON.stringify(lines))
  return name === 'accept-language' ? languagesByPreference(lines) : listMembers(lines).join(',')
}

/**
 * Language ranges from the most to the least wanted (RFC 9110 §12.5.4), lower case, without their weights: `en;q=0.5, fr`
 * is `fr,en`. A list with a weight that cannot be read stands for itself.
 */
function languagesByPreference(lines: readonly string[]): string {
  const ranges = listMembers(lines).map(weighted)
  if (ranges.some((range) => range === undefined)) return `?${lines.join(',')}`
  return (ranges as { range: string; weight: number }[])
    .sort((one, other) => other.weight - one.weight)
    .map(({ range, weight }) => (weight === 0 ? `-${range}` : range))
    .join(',')
}

const WEIGHTED = /^([A-Za-z0-9*][A-Za-z0-9*-]*)(?:[ \t]*;[ \t]*q=([01](?:\.[0-9]{0,3})?))?$/i

function weighted(member: string): { range: string; weight: number } | undefined {
  const match = WEIGHTED.exec(member)
  if (!match) return undefined
  return { range: (match[1] as string).toLowerCase(), weight: match[2] === undefined ? 1 : Number(match[2]) }
}
