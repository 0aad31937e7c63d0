import { configError } from '../cache-error.js'
import { MAX_DURATION, lifetime, milliseconds, type Duration } from '../duration.js'
import { missingScopeOption } from '../engine.js'
import { byteSize } from '../memory/byte-size.js'
import { refuseUnknown, tagList } from '../policy.js'
import { lowerCaseNames } from './http-settings.js'
import type { MiddlewareOptions, RouteOptions } from './route-options.js'

/** {@link RouteOptions}, checked, with every default filled in that does not depend on the cache: what the code reads. */
export interface RoutePlan {
  /** Unique within the process. */
  readonly name: string
  readonly level: string
  /** Milliseconds; `undefined`: the cache's. */
  readonly ttl: number | undefined
  readonly staleWhileRevalidate: number | undefined
  readonly staleIfError: number | undefined
  readonly tags: readonly string[]
  readonly tagsOf: ((native: never) => readonly string[]) | undefined
  readonly varyHeaders: readonly string[]
  readonly varyClaims: readonly string[]
  readonly key: RouteOptions<never>['key']
  readonly ignoredQuery: ReadonlySet<string>
  readonly statuses: ReadonlySet<number>
  readonly maxBodyBytes: number
  readonly omitHeaders: ReadonlySet<string>
  readonly setCookie: 'refuse' | 'store' | ReadonlySet<string>
  readonly sharesAnonymous: boolean
  readonly ignoresCredentials: boolean
  readonly onMissingScope: RouteOptions['onMissingScope']
  readonly skip: ((native: never) => boolean) | undefined
  readonly maxEntries: number | undefined
}

/** The names of a route's options, those that say which cache included. */
const ROUTE_OPTIONS: readonly (keyof MiddlewareOptions)[] = [
  'scope',
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'tags',
  'varyBy',
  'key',
  'query',
  'statuses',
  'maxBodyBytes',
  'omitHeaders',
  'setCookie',
  'anonymous',
  'credentials',
  'onMissingScope',
  'skip',
  'maxEntries',
  'name',
  'cache',
  'identity',
]
const DEFAULT_MAX_BODY = '1mb'
/** How many routes were defined, in all copies of this module: they may share a cache. */
const DEFINED = Symbol.for('cacheado.routes')

/**
 * The only road from what users write to what code reads.
 *
 * @param path what errors call the options
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option
 */
export function routePlan<Native>(options: RouteOptions<Native>, path: string): RoutePlan {
  refuseUnknown(options, ROUTE_OPTIONS, path)
  const { scope, tags, varyBy = {}, key, query, anonymous, credentials, skip } = options
  if (typeof scope !== 'string' || scope === '') throw configError(`${path}.scope`, 'a declared level or "global"')
  choice(anonymous, ['global'], `${path}.anonymous`)
  choice(credentials, ['ignore'], `${path}.credentials`)
  functionOrNothing(skip, `${path}.skip`)
  functionOrNothing(key, `${path}.key`)
  if (key !== undefined && options.name === undefined)
    throw configError(`${path}.name`, 'a name, since key replaces the URL')
  return {
    name: options.name ?? `route ${nextNumber()}`,
    level: scope,
    ttl: routeTtl(options.ttl, `${path}.ttl`),
    staleWhileRevalidate: window(options.staleWhileRevalidate, `${path}.staleWhileRevalidate`),
    staleIfError: window(options.staleIfError, `${path}.staleIfError`),
    tags: typeof tags === 'function' ? [] : tagList(tags ?? [], `${path}.tags`),
    tagsOf: typeof tags === 'function' ? tags : undefined,
    varyHeaders: [...lowerCaseNames(varyBy.headers, `${path}.varyBy.headers`)],
    varyClaims: texts(varyBy.claims, `${path}.varyBy.claims`),
    key,
    ignoredQuery: new Set(texts(query?.ignore, `${path}.query.ignore`)),
    statuses: new Set([200, ...statusList(options.statuses, `${path}.statuses`)]),
    maxBodyBytes: byteSize(options.maxBodyBytes ?? DEFAULT_MAX_BODY, `${path}.maxBodyBytes`),
    omitHeaders: lowerCaseNames(options.omitHeaders, `${path}.omitHeaders`),
    setCookie: setCookie(options.setCookie, `${path}.setCookie`),
    sharesAnonymous: anonymous === 'global',
    ignoresCredentials: credentials === 'ignore',
    onMissingScope: missingScopeOption(options.onMissingScope, `${path}.onMissingScope`),
    skip,
    maxEntries: options.maxEntries,
  }
}

function nextNumber(): number {
  const shared = globalThis as { [DEFINED]?: number }
  return (shared[DEFINED] = (shared[DEFINED] ?? 0) + 1)
}

function routeTtl(ttl: Duration | 'max' | undefined, option: string): number | undefined {
  if (ttl === undefined) return undefined
  return ttl !== 'max' && milliseconds(ttl, option) === 0 ? 0 : lifetime(ttl, option)
}

function window(duration: Duration | undefined, option: string): number | undefined {
  return duration === undefined ? undefined : Math.min(milliseconds(duration, option), MAX_DURATION)
}

function setCookie(wanted: RouteOptions['setCookie'], option: string): RoutePlan['setCookie'] {
  if (wanted === undefined) return 'refuse'
  if (wanted === 'store') return wanted
  if (typeof wanted !== 'object' || wanted === null) throw configError(option, "'store' or { drop: [names] }")
  return new Set(texts(wanted.drop, `${option}.drop`))
}

function statusList(statuses: readonly number[] | undefined, option: string): readonly number[] {
  const valid = statuses === undefined || (Array.isArray(statuses) && statuses.every(isFinalStatus))
  if (!valid) throw configError(option, 'a list of final statuses, 200 to 599')
  return statuses ?? []
}

function isFinalStatus(status: unknown): boolean {
  return Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 599
}

function texts(list: readonly string[] | undefined, option: string): readonly string[] {
  const valid =
    list === undefined || (Array.isArray(list) && list.every((text) => typeof text === 'string' && text !== ''))
  if (!valid) throw configError(option, 'a list of names')
  return list ?? []
}

function choice(value: unknown, allowed: readonly string[], option: string): void {
  if (value !== undefined && !allowed.includes(value as string))
    throw configError(option, allowed.map((one) => `'${one}'`).join(' or '))
}

function functionOrNothing(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== 'function') throw configError(option, 'a function')
}
