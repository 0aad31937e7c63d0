import type { LevelNode } from './define-scopes.js'
import { digest } from './digest.js'
import { encodePart, type MapKey } from './key-text.js'

/** Changes whenever the encoding below does, so that two versions never read each other's text. */
const FORMAT = '1'
/** Above this many characters a key's text gives way to its digest. */
const LONGEST_TEXT = 512

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

function idText(level: LevelNode, id: string): string {
  return level.secret ? `~${digest(id)}` : encodePart(id)
}

/** A key as text: marked ones are text already, and their form keeps them apart from an application's own string. */
function keyText(key: MapKey): string {
  if (typeof key === 'number') return `*${key}`
  const text = key.charCodeAt(0) === 0 ? key.slice(1) : encodePart(key)
  return text.length > LONGEST_TEXT ? `=${digest(text)}` : text
}
