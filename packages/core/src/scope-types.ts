import type { Id } from './id.js'

/** Each level names the level above it; `'global'` is above all. */
export type LevelMap = Readonly<Record<string, string>>

declare const levelsOf: unique symbol

/** What {@link defineScopes} returns: the declared levels, known to TypeScript and checked at run time. */
export interface Scopes<L extends object = LevelMap> {
  /** Only for inference: never present at run time. */
  readonly [levelsOf]?: L
  /** Every declared level with the level above it. */
  readonly levels: L
}

declare global {
  namespace Cacheado {
    /**
     * Registers the application's scopes, so that level names and the ids each level needs are checked everywhere:
     * `declare global { namespace Cacheado { interface Register { scopes: typeof scopes } } }`
     */
    interface Register {}
  }
}

/** The registered level map, or the open one of an application that registered none. */
export type RegisteredLevels = Cacheado.Register extends { scopes: Scopes<infer L extends LevelMap> } ? L : LevelMap

/** A level name: one of the registered ones or `'global'`; any string in an application that registered none. */
export type Level = (keyof RegisteredLevels & string) | 'global'

type PathOf<L extends LevelMap, K> = string extends K
  ? never
  : K extends 'global'
    ? never
    : K extends keyof L
      ? K | PathOf<L, L[K]>
      : never

/** The ids that place a caller at level `K`: its own and those of every level above it; surplus ids are ignored. */
export type IdsOf<K extends Level> = string extends keyof RegisteredLevels
  ? Ids
  : { readonly [P in PathOf<RegisteredLevels, K>]: Id } & Ids

/** Ids by level name, as many as are known. */
export type Ids = { readonly [P in keyof RegisteredLevels & string]?: Id | undefined }
