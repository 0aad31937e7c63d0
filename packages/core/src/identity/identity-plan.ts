import { configError } from '../cache-error.js'
import type { RegisteredLevels } from '../scope-types.js'
import type { IdentityRequest } from './identity-request.js'
import {
  type Awaitable,
  type ClaimIdentity,
  type Finding,
  findingOf,
  type IdentityFunction,
  type IdentityReader,
  type IdentitySource,
  readNative,
} from './identity-source.js'

/** Where the id of one level comes from: a source, or a function of the framework's own request. */
export type LevelSource<Native = unknown> = IdentitySource | IdentityFunction<Native>

/** For each level one source, or several that must agree. `Native` is the framework's request that functions take. */
export type IdentitySpec<Native = unknown> = {
  readonly [L in keyof RegisteredLevels & string]?: LevelSource<Native> | readonly LevelSource<Native>[] | undefined
}

/** Asks one source about a request. */
export type Reader = (request: IdentityRequest) => Awaitable<Finding<unknown>>

/** One source of one level: the reader to ask, and the claim to take where that reader gives claims. */
export interface Slot {
  readonly level: string
  readonly reader: number
  readonly claim: string | undefined
}

/** What a specification comes to: each reader is asked once per resolution, however many slots depend on it. */
export interface IdentityPlan {
  readonly readers: readonly Reader[]
  readonly slots: readonly Slot[]
  /** The readers that give claims, by what they read; the first is the application's own authentication. */
  readonly claimReaders: ReadonlyMap<ClaimIdentity['from'], number>
}

const LEVEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const SOURCE = 'claim(…), trustedHeader(…), sessionId() or a function of the request'

/**
 * Checks a specification and lays out what is to be asked.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for no level, a bad level name, and what is no source
 */
export function identityPlan<Native>(spec: IdentitySpec<Native>): IdentityPlan {
  if (!isPlainRecord(spec)) throw configError('identityFrom', 'a map of level to where its id comes from')
  const readers: Reader[] = [(request) => findingOf<unknown>(request.claims())]
  const claimReaders = new Map<ClaimIdentity['from'], number>([[undefined, 0]])
  const slots: Slot[] = []
  for (const { level, option, source } of sourcesOf(spec)) {
    if (isClaim(source)) {
      const reader = claimReaders.get(source.from) ?? readers.push(claimsReader(source.from)) - 1
      claimReaders.set(source.from, reader)
      slots.push({ level, reader, claim: source.claim })
    } else {
      slots.push({ level, reader: readers.push(idReader(source, option)) - 1, claim: undefined })
    }
  }
  if (slots.length === 0) throw configError('identityFrom', 'at least one level')
  return { readers, slots, claimReaders }
}

function* sourcesOf(spec: Readonly<Record<string, unknown>>) {
  for (const [level, given] of Object.entries(spec)) {
    const option = `identityFrom.${level}`
    if (!LEVEL_NAME.test(level) || level === 'global') throw configError(option, 'a level that has ids')
    if (given === undefined) continue
    const list: readonly unknown[] = Array.isArray(given) ? given : [given]
    if (list.length === 0) throw configError(option, SOURCE)
    for (const source of list) yield { level, option, source }
  }
}

function claimsReader(from: ClaimIdentity['from']): Reader {
  if (typeof from === 'object') return (request) => from.readClaims(request)
  return readNative(from as (native: unknown) => unknown)
}

function idReader(source: unknown, option: string): Reader {
  if (typeof source === 'function') return readNative(source as (native: unknown) => unknown)
  if (!isIdReader(source)) throw configError(option, SOURCE)
  return (request) => source.readId(request)
}

function isClaim(source: unknown): source is ClaimIdentity {
  return typeof source === 'object' && source !== null && 'claim' in source && 'from' in source
}

function isIdReader(source: unknown): source is IdentityReader {
  return typeof source === 'object' && source !== null && 'readId' in source && typeof source.readId === 'function'
}

/** Made by a literal, in whichever realm: `{ __proto__: claim('sub') }` declares nothing and is a mistake. */
function isPlainRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
