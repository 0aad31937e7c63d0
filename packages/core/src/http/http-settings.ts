import { configError } from '../cache-error.js'
import type { Engine } from '../engine.js'
import type { IdentityResolver } from '../identity/identity-request.js'
import { ScopedCache } from '../scoped-cache.js'
import type { CredentialNames } from './decide/credentials.js'
import { isToken } from './syntax/header-fields.js'

/** What on a request and on a response is a credential, besides what HTTP itself says. */
export interface CredentialOptions {
  /**
   * Names of cookies that tell who asks. A request with one of them is no anonymous one. Default: none, and then every
   * cookie counts as one where a route says `anonymous: 'global'`.
   */
  readonly cookies?: readonly string[] | undefined
  /** Names of headers that tell who asks (`X-Api-Key`); a response that carries one is never stored. Default: none. */
  readonly headers?: readonly string[] | undefined
}

/** Options of `cacheContext`: which cache, who asks. `Native` is the framework's own request. */
export interface ContextOptions<Native = unknown> {
  /** The cache, or a function that gives it where bindings come with the request. */
  readonly cache: ScopedCache | ((native: Native) => ScopedCache)
  /** Who asks: what `identityFrom` returns, or a function of the request. Default: nobody is known; only `global` is cached. */
  readonly identity?: IdentityResolver | undefined
  /** What is a credential. */
  readonly credentials?: CredentialOptions | undefined
  /** The cache's name in `Cache-Status`. Default: `'cacheado'`. */
  readonly name?: string | undefined
  /**
   * Request headers that tell who asks, named in `Vary` of every answer below `global`, so that no other cache takes one
   * caller's answer for another's. Default: `['Authorization', 'Cookie']`.
   */
  readonly identityHeaders?: readonly string[] | undefined
}

/** {@link ContextOptions}, checked, for one cache: what the code reads. */
export interface HttpSettings {
  readonly cache: ScopedCache
  readonly engine: Engine
  readonly identity: IdentityResolver | undefined
  readonly credentials: CredentialNames
  readonly name: string
  readonly identityHeaders: readonly string[]
}

/** What of the settings does not depend on the cache. */
export type CommonSettings = Omit<HttpSettings, 'cache' | 'engine'>

const OPTIONS = 'cacheContext'
const DEFAULT_IDENTITY_HEADERS = ['Authorization', 'Cookie']

/**
 * Checks the options that do not depend on the cache.
 *
 * @throws CacheError `ERR_CACHE_CONFIG`
 */
export function commonSettings(options: Omit<ContextOptions<never>, 'cache'>): CommonSettings {
  const { identity, credentials = {}, name = 'cacheado', identityHeaders = DEFAULT_IDENTITY_HEADERS } = options
  if (identity !== undefined && typeof identity !== 'function') {
    throw configError(`${OPTIONS}.identity`, 'what identityFrom returns, or a function of the request')
  }
  if (typeof name !== 'string' || !/^[ -~]+$/.test(name)) throw configError(`${OPTIONS}.name`, 'printable ASCII')
  const { cookies, headers } = credentials
  return {
    identity,
    name,
    identityHeaders: headerNames(identityHeaders, `${OPTIONS}.identityHeaders`),
    credentials: {
      cookies: cookies === undefined ? undefined : new Set(tokens(cookies, `${OPTIONS}.credentials.cookies`)),
      headers: lowerCaseNames(headers, `${OPTIONS}.credentials.headers`),
    },
  }
}

/**
 * The settings for one cache.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for what is no cache, or an identity that places levels nobody declared
 */
export function settingsFor(cache: ScopedCache, common: CommonSettings): HttpSettings {
  if (!(cache instanceof ScopedCache)) throw configError(`${OPTIONS}.cache`, 'what createCache returns')
  const engine = ScopedCache.engineOf(cache)
  const stranger = common.identity?.levels?.find((level) => !engine.forest.has(level))
  if (stranger !== undefined) throw configError(`${OPTIONS}.identity.${stranger}`, 'a declared level')
  return { ...common, cache, engine }
}

/** Header names, checked; in lower case, as a set. */
export function lowerCaseNames(names: readonly string[] | undefined, option: string): ReadonlySet<string> {
  return new Set(headerNames(names ?? [], option).map((name) => name.toLowerCase()))
}

function headerNames(names: readonly string[], option: string): readonly string[] {
  return tokens(names, option, 'header names')
}

function tokens(names: readonly string[], option: string, what = 'names'): readonly string[] {
  const valid = Array.isArray(names) && names.every((name) => typeof name === 'string' && isToken(name))
  if (!valid) throw configError(option, `a list of ${what}`)
  return names
}
