/** One header line: its name as it was written, and its value. */
export type HeaderField = readonly [name: string, value: string]

/** Header lines in the order in which they were written; a repeated name is a repeated line. */
export type HeaderFields = readonly HeaderField[]

/** Header lines by lower-case name, for those who ask for several of them. */
export type FieldLines = ReadonlyMap<string, readonly string[]>

/** The lines of each field under its lower-case name. */
export function fieldLines(fields: HeaderFields): FieldLines {
  const lines = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    const known = lines.get(key)
    if (known) known.push(value)
    else lines.set(key, [value])
  }
  return lines
}

/** All lines of a field as one value (RFC 9110 §5.3), `undefined` where there is none. */
export function combined(lines: FieldLines, name: string): string | undefined {
  return lines.get(name)?.join(', ')
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether a text is a token, which is what field names, methods and directive names are (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * The members of a comma-separated list (RFC 9110 §5.6.1) over all its lines: trimmed, empty ones left out, a comma inside
 * a quoted string is no separator. A quoted string that never ends takes the rest of its line.
 */
export function listMembers(lines: readonly string[]): string[] {
  return lines
    .flatMap((line) => (line.includes('"') ? splitOutsideQuotes(line) : line.split(',')))
    .map(trim)
    .filter(Boolean)
}

/** Without the white space that HTTP allows around members: space and tab, nothing else. */
export function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09
}

function splitOutsideQuotes(line: string): string[] {
  const members: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < line.length; at++) {
    const character = line[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      members.push(line.slice(start, at))
      start = at + 1
    }
  }
  members.push(line.slice(start))
  return members
}
