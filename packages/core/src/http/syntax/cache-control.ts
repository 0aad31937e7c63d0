import { isToken, listMembers, trim } from './header-fields.js'

/** One directive as it was written. */
export interface Directive {
  /** Lower-case name; `undefined` where the element is no directive at all. */
  readonly name: string | undefined
  /** The argument, without quotes; `undefined` where there is none. */
  readonly argument: string | undefined
  readonly quoted: boolean
  /** The whole element, for those who send it on. */
  readonly text: string
}

/** Directives are compared with this at the most (RFC 9111 §1.2.2). */
const MAX_SECONDS = 2 ** 31
const DIGITS = /^[0-9]+$/
const DIRECTIVE =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\\p{Cc}]|\t|\\[\t -~\u0080-\u00ff])*)"))?$/u

/**
 * A Cache-Control field, or one of its relatives (Surrogate-Control, CDN-Cache-Control), read by the grammar of
 * RFC 9111 §5.2: names without regard to case, quoted arguments with commas and `=` in them, several lines. Only parses;
 * what follows from a directive is decided elsewhere.
 */
export class CacheControl {
  readonly directives: readonly Directive[]

  constructor(lines: readonly string[] = []) {
    this.directives = listMembers(lines).map(directive)
  }

  /** Nothing was said. */
  get silent(): boolean {
    return this.directives.length === 0
  }

  /** Some element is no directive: nobody can know what was meant. */
  get malformed(): boolean {
    return this.directives.some((candidate) => candidate.name === undefined)
  }

  /** Whether a directive is there, with an argument or without. */
  has(name: string): boolean {
    return this.directives.some((candidate) => candidate.name === name)
  }

  /**
   * The seconds a directive gives, its first occurrence counting, values above 2^31 clamped. `undefined` where it is
   * absent; `NaN` where its argument is not made of digits alone, which makes the response stale.
   */
  seconds(name: string): number | undefined {
    const first = this.directives.find((candidate) => candidate.name === name)
    if (first === undefined) return undefined
    return DIGITS.test(first.argument ?? '') ? Math.min(Number(first.argument), MAX_SECONDS) : Number.NaN
  }

  /**
   * Whether a directive that may be qualified (`private="x"`, `no-cache="x"`) stands unqualified anywhere. A qualified
   * form that names no field, something else than fields, or does without the quotes counts as unqualified.
   */
  unqualified(name: string): boolean {
    return this.directives.some((candidate) => candidate.name === name && qualifiedNames(candidate).length === 0)
  }

  /** The fields that the qualified forms of a directive name, in lower case. */
  qualified(name: string): string[] {
    return this.directives.filter((candidate) => candidate.name === name).flatMap(qualifiedNames)
  }
}

function directive(text: string): Directive {
  const match = DIRECTIVE.exec(text)
  if (!match) return { name: undefined, argument: undefined, quoted: false, text }
  const [, name, token, quoted] = match
  return {
    name: (name as string).toLowerCase(),
    argument: token ?? quoted?.replace(/\\(.)/g, '$1'),
    quoted: quoted !== undefined,
    text,
  }
}

function qualifiedNames({ argument, quoted }: Directive): string[] {
  if (!quoted || argument === undefined) return []
  const names = argument.split(',').map((name) => trim(name).toLowerCase())
  return names.every(isToken) ? names : []
}
