import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { listMembers, type HeaderField, type HeaderFields } from '../syntax/header-fields.js'

/** What `writeHead` takes: an object, or names and values in turn, or pairs of them. */
export type WriteHeadFields = OutgoingHttpHeaders | readonly unknown[]

/** Every field that is set on a response, names as they were written, each line by itself. */
export function fieldsOf(response: ServerResponse): HeaderFields {
  // Node has it on every outgoing message, its types on requests only; HTTP/2 has lower-case names alone.
  const { getRawHeaderNames } = response as { getRawHeaderNames?: () => string[] }
  const names = getRawHeaderNames ? getRawHeaderNames.call(response) : response.getHeaderNames()
  const fields: HeaderField[] = []
  for (const name of names) {
    const value = response.getHeader(name)
    for (const line of Array.isArray(value) ? value : [value]) fields.push([name, String(line)])
  }
  return fields
}

/** Sets what `writeHead` was given, as `writeHead` itself would: then `getHeader` shows everything that will be sent. */
export function applyFields(response: ServerResponse, given: WriteHeadFields | undefined): void {
  if (given === undefined || given === null) return
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as OutgoingHttpHeaders)) {
      if (value !== undefined) response.setHeader(name, value)
    }
    return
  }
  const pairs = pairsOf(given)
  for (const [name] of pairs) response.removeHeader(name)
  for (const [name, value] of pairs) append(response, name, value)
}

/** Lists that several writers add to: only the members that were added count. */
const ADDED_TO = new Set(['vary', 'cache-control'])

/** The fields that the second list has and the first has not: line by line, of lists member by member. */
export function fieldsAdded(before: HeaderFields, after: HeaderFields): HeaderFields {
  const known = new Set(before.flatMap(parts))
  return after.flatMap((field) =>
    parts(field)
      .filter((part) => !known.has(part))
      .map((part): HeaderField => [field[0], part.slice(field[0].length + 1)]),
  )
}

function parts([name, value]: HeaderField): string[] {
  const key = name.toLowerCase()
  return (ADDED_TO.has(key) ? listMembers([value]) : [value]).map((part) => `${key}:${part}`)
}

function pairsOf(given: readonly unknown[]): [name: string, value: string][] {
  if (Array.isArray(given[0])) return (given as [string, string][]).map(([name, value]) => [name, value])
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < given.length; at += 2) pairs.push([String(given[at]), given[at + 1] as string])
  return pairs
}

function append(response: ServerResponse, name: string, value: string): void {
  const present = response.getHeader(name)
  const lines = present === undefined ? [] : [present].flat().map(String)
  response.setHeader(name, lines.length === 0 ? value : [...lines, ...[value].flat()])
}
