import { configError } from './cache-error.js'
import { resolveLimits, type Engine } from './engine.js'
import { namespaceName, type NamespaceOptions } from './namespace.js'
import type { NamespaceState } from './namespace-state.js'
import { resolvePolicy } from './policy.js'
import type { ValuesMode } from './values.js'

/** What a name was registered with. */
interface Registration {
  readonly state: NamespaceState
  readonly options: object
  readonly producers: readonly unknown[]
}

/** How a part of this package registers a namespace; applications use `cache.namespace`. */
export interface NamespaceTraits {
  /**
   * What produces values and keys: a wrapped function with its key function, a route. The same name with the same producers
   * is the same namespace; with others it starts empty, so that two functions never read each other's values.
   */
  readonly producers?: readonly unknown[] | undefined
  /** How values are handed out. Default: as the cache does. */
  readonly values?: ValuesMode | undefined
}

/** The namespaces of one cache, by name. */
export class Namespaces {
  readonly #engine: Engine
  readonly #registered = new Map<string, Registration>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * The namespace of that name.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad option, or for a name that is known with other options
   */
  register<T>(name: string, options: NamespaceOptions<T>, traits: NamespaceTraits = {}): NamespaceState {
    const path = `namespace(${namespaceName(name, 'namespace')})`
    const known = this.#registered.get(name)
    if (known && !sameOptions(known.options, options)) {
      throw configError(path, 'the same options as where this name was used before, or another name')
    }
    const producers = traits.producers ?? []
    if (known && sameList(known.producers, producers)) return known.state
    if (known) {
      this.#engine.tier.retire(known.state.space)
      this.#engine.signals.log.once(path, 'a name was registered again with another function: its values are dropped', {
        name,
      })
    }
    const state = this.#make(name, path, options, traits.values)
    this.#registered.set(name, { state, options: options, producers })
    return state
  }

  #make<T>(name: string, path: string, options: NamespaceOptions<T>, values: ValuesMode | undefined): NamespaceState {
    const engine = this.#engine
    const limited = options.maxEntries !== undefined || options.maxBytes !== undefined
    if (options.schema !== undefined && typeof options.schema?.['~standard']?.validate !== 'function') {
      throw configError(`${path}.schema`, 'a Standard Schema (version 1)')
    }
    const policy = resolvePolicy(options, engine.policy, path)
    return {
      engine,
      space: engine.tier.space(name, limited ? resolveLimits(options, path) : undefined, String(options.version ?? '')),
      policy,
      values: values ?? engine.values,
      schema: options.schema,
    }
  }
}

function sameOptions(one: object, other: object): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => sameOption((one as Options)[name], (other as Options)[name]))
}

type Options = Readonly<Record<string, unknown>>

function sameOption(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return sameList(one, other)
  // A module that is evaluated again brings new closures with the same text.
  if (typeof one === 'function' && typeof other === 'function') return String(one) === String(other)
  return Object.is(one, other)
}

function sameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at])
}
