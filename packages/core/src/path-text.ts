import type { LevelNode } from './define-scopes.js'
import { digest } from './digest.js'
import { encodePart, type MapKey } from './key-text.js'

/** Changes whenever the encoding below does, so that two versions never read each other's text. */
const FORMAT = '1'

/**
 * A scope's path as text, injective over (level, ids): every part is percent-encoded, every id stands behind its level, and
 * the id of a secret level gives way to its digest. Readable on purpose: an operator sees what a key belongs to.
 */
export function scopeText(level: LevelNode, ids: readonly string[]): string {
  return level.path.map((step, at) => `${encodePart(step.name)}=${idText(step, ids[at] as string)}`).join('/')
}

/** What an entry is, in full. */
export interface EntryIdentity {
  /** The cache's own version. */
  readonly version: string
  readonly namespace: string
  readonly level: LevelNode
  readonly ids: readonly string[]
  readonly key: MapKey
}

/**
 * The text of one entry: format, version, namespace, scope and key, injective over all of them (rule R-02). Two entries have
 * one text exactly where they are the same entry.
 */
export function entryText({ version, namespace, level, ids, key }: EntryIdentity): string {
  return `${FORMAT}|${encodePart(version)}|${encodePart(namespace)}|${scopeText(level, ids)}|${keyText(key)}`
}

/** Names an entry in a debug log without telling what it is: eight hexadecimal digits (rule R-35). */
export function entryMark(text: string): string {
  return Array.from(atob(digest(text).slice(0, 8).replaceAll('-', '+').replaceAll('_', '/')).slice(0, 4), (byte) =>
    byte.charCodeAt(0).toString(16).padStart(2, '0'),
  ).join('')
}

function idText(level: LevelNode, id: string): string {
  return level.secret ? `~${digest(id)}` : encodePart(id)
}

/** A marked key is text already; its mark keeps it apart from an application's own string. */
function keyText(key: MapKey): string {
  if (typeof key === 'number') return `*${key}`
  return key.charCodeAt(0) === 0 ? key.slice(1) : encodePart(key)
}
