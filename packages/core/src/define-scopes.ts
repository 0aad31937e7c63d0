import { CacheError, configError } from './cache-error.js'
import type { LevelMap, Scopes } from './scope-types.js'

/** Which levels are special; see {@link defineScopes}. */
export interface ScopeTraits<K extends string = string> {
  /** Levels that belong to one person, they and all below them. Default: none. */
  readonly personal?: readonly K[]
  /** Levels whose ids are credentials: only a digest of them leaves the process or is ever shown. Default: none. */
  readonly secret?: readonly K[]
}

/** One declared level, as the code reads it: resolved once, at construction. */
export interface LevelNode {
  readonly name: string
  /** The levels from below the root down to this one, itself included; empty for the root. */
  readonly path: readonly LevelNode[]
  /** Which of its parent's levels this is: children of a scope are kept apart by level. */
  readonly ordinal: number
  readonly personal: boolean
  readonly secret: boolean
}

const LEVEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/** The declared levels, checked: a forest below one root, `global`. */
export class ScopeForest<L extends LevelMap = LevelMap> implements Scopes<L> {
  readonly levels: L
  readonly root: LevelNode = { name: 'global', path: [], ordinal: 0, personal: false, secret: false }
  readonly #byName = new Map<string, LevelNode>([['global', this.root]])

  constructor(
    levels: L,
    /** As declared. */
    readonly traits: ScopeTraits = {},
  ) {
    if (!isRecord(levels)) throw configError('scopes', 'a map of level to the level above it')
    this.levels = Object.freeze({ ...levels })
    const personal = traitSet(traits.personal, 'scopes.personal', levels)
    const secret = traitSet(traits.secret, 'scopes.secret', levels)
    const children = new Map<string, number>()
    if (Object.hasOwn(levels, 'global')) throw configError('scopes.global', 'no such level: it is above all')
    for (const name of Object.keys(levels)) this.#declare(name, { levels, personal, secret, children, above: [] })
  }

  /**
   * The level of that name.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for a name that is not declared: a mistyped level must never mean "everyone"
   */
  level(name: string): LevelNode {
    const level = this.#byName.get(name)
    if (level === undefined) throw new CacheError('ERR_CACHE_SCOPE', 'level: expected a declared level or "global"')
    return level
  }

  /** Whether a level of that name is declared; `global` always is. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  #declare(name: string, plan: Declaration): LevelNode {
    const known = this.#byName.get(name)
    if (known) return known
    if (!LEVEL_NAME.test(name)) throw configError('scopes', 'level names of letters, digits, "_" and "-"')
    if (plan.above.includes(name)) throw configError(`scopes.${name}`, 'a level that is not below itself')
    const parentName = plan.levels[name]
    if (typeof parentName !== 'string' || !(parentName === 'global' || Object.hasOwn(plan.levels, parentName))) {
      throw configError(`scopes.${name}`, '"global" or another declared level')
    }
    const parent = this.#declare(parentName, { ...plan, above: [...plan.above, name] })
    const ordinal = plan.children.get(parentName) ?? 0
    plan.children.set(parentName, ordinal + 1)
    const path: LevelNode[] = [...parent.path]
    const level: LevelNode = {
      name,
      path,
      ordinal,
      personal: parent.personal || plan.personal.has(name),
      secret: plan.secret.has(name),
    }
    path.push(level)
    this.#byName.set(name, level)
    return level
  }
}

interface Declaration {
  readonly levels: LevelMap
  readonly personal: ReadonlySet<string>
  readonly secret: ReadonlySet<string>
  readonly children: Map<string, number>
  readonly above: readonly string[]
}

/**
 * Declares who can share: each level names the level above it, `'global'` is above all. A forest: as many independent
 * trees as the application needs.
 *
 * @param levels level to the level above it
 * @param traits which levels are `personal` (they and all below belong to one person) and which are `secret` (their
 *   ids are credentials)
 * @throws CacheError `ERR_CACHE_CONFIG` for a cycle, an unknown parent, a bad name, or a trait of an undeclared level
 * @example
 * ```ts
 * export const scopes = defineScopes(
 *   { organization: 'global', user: 'organization', session: 'user', tenant: 'global', project: 'tenant' },
 *   { personal: ['user'], secret: ['session'] },
 * )
 * declare global { namespace Cacheado { interface Register { scopes: typeof scopes } } }
 * ```
 */
export function defineScopes<const L extends { readonly [K in keyof L]: 'global' | Exclude<keyof L & string, K> }>(
  levels: L,
  traits: ScopeTraits<keyof L & string> = {},
): Scopes<L> {
  return new ScopeForest(levels, traits)
}

/** The forest behind whatever `createCache({ scopes })` was given, made by this copy of the package or by another. */
export function scopeForest(scopes: Scopes | LevelMap = {}): ScopeForest {
  if (scopes instanceof ScopeForest) return scopes as ScopeForest
  const { levels, traits } = (scopes ?? {}) as Partial<Pick<ScopeForest, 'levels' | 'traits'>>
  // In a plain map a level of that name has a text for its parent.
  return typeof levels === 'object' ? new ScopeForest(levels, traits) : new ScopeForest(scopes as LevelMap)
}

function traitSet(names: readonly string[] | undefined, option: string, levels: LevelMap): ReadonlySet<string> {
  if (names === undefined) return new Set()
  if (!Array.isArray(names) || names.some((name) => !Object.hasOwn(levels, name))) {
    throw configError(option, 'a list of declared levels')
  }
  return new Set(names as readonly string[])
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
