import type { LevelNode } from './define-scopes.js'
import { digest } from './digest.js'
import { encodePart, type MapKey } from './key-text.js'

/** Changes whenever an entry's encoding does, so that two versions never read each other's text. */
const FORMAT = '1'
/** Above this many characters a key's text gives way to its digest. */
const LONGEST_TEXT = 512
/** Above this many characters an id's text does. */
const LONGEST_ID = 200
/** What stands in place of a path for what everybody shares. */
const GLOBAL = 'global'

/**
 * A scope's path as text, injective over (level, ids): every part is percent-encoded, every id stands behind its level, and
 * the id of a secret level gives way to its digest. Readable on purpose: an operator sees what a key belongs to. The topmost
 * scope stands in braces: a store that spreads keys over nodes keeps a tenant on one of them (Redis Cluster: hash tag).
 */
export function scopeText(level: LevelNode, ids: readonly string[]): string {
  return shownScopeText(level.path.map((step, at) => [step.name, shownId(step, ids[at] as string)]))
}

/** The same, where the ids are given as they are shown. */
export function shownScopeText(path: readonly (readonly [level: string, shown: string])[]): string {
  if (path.length === 0) return GLOBAL
  const steps = path.map(([level, shown]) => `${encodePart(level)}=${shown}`)
  return [`{${steps[0]}}`, ...steps.slice(1)].join('/')
}

/** An id as it may leave the process: a long one, and that of a secret level, as a digest, which no id is shown like otherwise. */
export function shownId(level: LevelNode, id: string): string {
  const text = level.secret ? '' : encodePart(id)
  return level.secret || text.length > LONGEST_ID ? `~${digest(id)}` : text
}

/** The id that {@link shownId} shows; `undefined` where it shows a digest. */
export function idOfShown(shown: string): string | undefined {
  return shown.startsWith('~') ? undefined : decodeURIComponent(shown)
}

/** What an entry is, in full. */
export interface EntryIdentity {
  /** {@link scopeText} of its scope. */
  readonly scope: string
  /** The cache's own version, and the namespace's. */
  readonly versions: readonly string[]
  readonly namespace: string
  readonly key: MapKey
}

/**
 * The text of one entry: scope, format, versions, namespace and key, injective over all of them (rule R-02). Two entries have
 * one text exactly where they are the same entry.
 */
export function entryText({ scope, versions, namespace, key }: EntryIdentity): string {
  return scope + namespaceText(versions, namespace) + keyText(key)
}

/** What stands between scope and key in the text of an entry. */
export function namespaceText(versions: readonly string[], namespace: string): string {
  return `|${FORMAT}|${versions.map(encodePart).join(',')}|${encodePart(namespace)}|`
}

/** The key of a scope's stamp, of the stamp that every invalidated tag of the scope changes, or of one tag's in it. */
export function stampText(scope: string, stamp: string): string {
  return `${scope}|#${stamp}`
}

/** The key of the lease on an entry. */
export function leaseText(identity: string): string {
  return `${identity}|lease`
}

/** The last part of an entry's text. A key as text: marked ones are text already, and their form keeps them apart from an application's own string. */
export function keyText(key: MapKey): string {
  if (typeof key === 'number') return `*${key}`
  // Braces stand for one thing only: which keys belong together.
  const text = key.charCodeAt(0) === 0 ? key.slice(1).replaceAll('{', '<').replaceAll('}', '>') : encodePart(key)
  return text.length > LONGEST_TEXT ? `=${digest(text)}` : text
}
