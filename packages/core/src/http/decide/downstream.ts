import { CacheControl } from '../syntax/cache-control.js'
import { combined, type FieldLines, type HeaderFields } from '../syntax/header-fields.js'
import { parseVary } from '../syntax/vary.js'

/** Who shares what a route answers: everybody, several people, or one person. */
export type Audience = 'everybody' | 'several' | 'one'

/** What to change in the fields of an answer before it leaves. */
export interface FieldChanges {
  readonly set: HeaderFields
  /** Lower-case names. */
  readonly remove: readonly string[]
}

const NO_CHANGES: FieldChanges = { set: [], remove: [] }
/** Fields that only caches between us and the client read. */
const TARGETED = ['surrogate-control', 'cdn-cache-control', 'cloudflare-cdn-cache-control', 'vercel-cdn-cache-control']

/**
 * What an answer tells the caches in front of us (rule R-22). At the global scope what the handler said goes out as it is.
 * Below, nothing may invite a shared cache: `public` and `s-maxage` are taken out, a silent handler's answer becomes
 * `private` (and `no-cache`, where several people share it here), and Vary names the headers that tell who asks.
 *
 * @param identityHeaders as they are to be written in Vary
 */
export function downstreamFields(
  lines: FieldLines,
  audience: Audience,
  identityHeaders: readonly string[],
): FieldChanges {
  if (audience === 'everybody') return NO_CHANGES
  return {
    set: [
      ['Cache-Control', cacheControlFor(lines, audience)],
      ['Vary', varyWith(lines, identityHeaders)],
    ],
    remove: TARGETED.filter((name) => lines.has(name) && invites(lines.get(name))),
  }
}

function cacheControlFor(lines: FieldLines, audience: Audience): string {
  const said = new CacheControl(lines.get('cache-control'))
  // Whatever was meant, another reader may find an invitation in it.
  if (said.malformed) return 'private, no-store'
  const kept = said.directives.filter(({ name }) => name !== 'public' && name !== 's-maxage')
  if (kept.length > 0) return kept.map(({ text }) => text).join(', ')
  return audience === 'one' ? 'private' : 'private, no-cache'
}

function varyWith(lines: FieldLines, identityHeaders: readonly string[]): string {
  const vary = parseVary(lines.get('vary'))
  if (vary.kind === 'any') return '*'
  const said = combined(lines, 'vary')
  const missing = identityHeaders.filter(
    (name) => vary.kind === 'malformed' || !vary.names.includes(name.toLowerCase()),
  )
  return (said === undefined || said === '' ? missing : [said, ...missing]).join(', ')
}

function invites(lines: readonly string[] | undefined): boolean {
  const said = new CacheControl(lines)
  return !said.has('no-store') && !said.unqualified('private')
}
