import type { LevelNode, ScopeForest } from '../define-scopes.js'
import { idOfShown, shownId } from '../path-text.js'
import type { MapKey } from '../key-text.js'
import type { MemoryTier } from '../memory/memory-tier.js'
import type { Place } from '../memory/place.js'
import type { ScopeNode } from '../memory/scope-node.js'
import { ID_BYTES } from './envelope.js'

/** A scope as messages name it: each level with its id, a digest in place of a secret one. */
export type Address = readonly (readonly [level: string, shown: string])[]

/** What one process tells the others. */
export type Announcement =
  | { readonly kind: 'scope'; readonly address: Address }
  | {
      readonly kind: 'tags'
      readonly address: Address
      readonly names: readonly string[]
      /** Of all tags of the scope, then of each named one. */
      readonly stamps: readonly Uint8Array[]
    }
  | {
      readonly kind: 'set' | 'delete' | 'landed'
      readonly address: Address
      readonly namespace: string
      readonly key: MapKey
    }
  /** Nothing happened: the number of the last message tells whether one was missed. */
  | { readonly kind: 'beat' }

/** An announcement with who sent it and how many it sent before. */
export interface Received {
  readonly origin: string
  readonly number: number
  readonly announcement: Announcement
}

const FORMAT = 1

export function addressOf(level: LevelNode, ids: readonly string[]): Address {
  return level.path.map((step, at) => [step.name, shownId(step, ids[at] as string)])
}

export function keyAnnouncement(kind: 'set' | 'delete', { level, ids, space }: Place, key: MapKey): Announcement {
  return { kind, address: addressOf(level, ids), namespace: space.name, key }
}

/** The scope's node, if this process has anything of it. */
export function findNode(tier: MemoryTier, address: Address): ScopeNode | undefined {
  let node: ScopeNode | undefined = tier.root
  for (const [name, shown] of address) {
    if (node === undefined || !tier.forest.has(name)) return undefined
    node = findChild(node, tier.forest, name, shown)
  }
  return node
}

function findChild(node: ScopeNode, forest: ScopeForest, name: string, shown: string): ScopeNode | undefined {
  const level = forest.level(name)
  const known = idOfShown(shown)
  if (known !== undefined) return node.child(level, known)
  // Nobody can tell an id from its digest: the digests of those that are here are compared.
  for (const [id, child] of node.children[level.ordinal] ?? []) if (shownId(level, id) === shown) return child
  return undefined
}

/** An announcement as bytes: JSON, stamps as base64. */
export function encodeAnnouncement({ origin, number, announcement }: Received): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([FORMAT, origin, number, announcement.kind, ...details(announcement)]))
}

function details(announcement: Announcement): unknown[] {
  switch (announcement.kind) {
    case 'beat':
      return []
    case 'scope':
      return [announcement.address]
    case 'tags':
      return [announcement.address, announcement.names, announcement.stamps.map(toBase64)]
    default:
      return [announcement.address, announcement.namespace, announcement.key]
  }
}

/** What a message says; `undefined` for one of another format, or no message at all. */
export function decodeAnnouncement(message: Uint8Array): Received | undefined {
  try {
    const [format, origin, number, kind, ...rest] = JSON.parse(new TextDecoder().decode(message)) as unknown[]
    if (format !== FORMAT || typeof origin !== 'string' || !Number.isSafeInteger(number)) return undefined
    const announcement = readDetails(kind, rest)
    return announcement && { origin, number: number as number, announcement }
  } catch {
    return undefined
  }
}

function readDetails(kind: unknown, [address, second, third]: unknown[]): Announcement | undefined {
  if (kind === 'beat') return { kind }
  if (!isAddress(address)) return undefined
  switch (kind) {
    case 'scope':
      return { kind, address }
    case 'tags': {
      if (!isTexts(second) || !isTexts(third)) return undefined
      const stamps = third.map(fromBase64)
      const whole = stamps.length === second.length + 1 && stamps.every(({ length }) => length === ID_BYTES)
      return whole ? { kind, address, names: second, stamps } : undefined
    }
    case 'set':
    case 'delete':
    case 'landed': {
      const isKey = typeof third === 'string' || typeof third === 'number'
      return typeof second === 'string' && isKey ? { kind, address, namespace: second, key: third } : undefined
    }
    default:
      return undefined
  }
}

function isAddress(value: unknown): value is Address {
  return Array.isArray(value) && value.every((step) => isTexts(step) && step.length === 2)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
