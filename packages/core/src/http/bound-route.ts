import type { LevelNode } from '../define-scopes.js'
import type { Engine } from '../engine.js'
import type { Space } from '../memory/space.js'
import { ScopedCache } from '../scoped-cache.js'
import type { Audience } from './decide/downstream.js'
import type { StoringRules } from './decide/storable.js'
import { DevelopmentNotes } from './development-notes.js'
import type { HttpSettings } from './http-settings.js'
import { registerResponseCodecs } from './response-codec.js'
import type { RoutePlan } from './route-plan.js'
import { UncacheableKeys } from './uncacheable-keys.js'

/** A route in one cache: its plan, with what it takes from the cache filled in. */
export interface BoundRoute {
  readonly plan: RoutePlan
  readonly settings: HttpSettings
  readonly engine: Engine
  readonly space: Space
  readonly level: LevelNode
  /** How its responses are judged, before anything is known about a request. */
  readonly rules: StoringRules
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly jitter: number
  readonly uncacheable: UncacheableKeys
  readonly notes: DevelopmentNotes
}

/**
 * Registers a route as a namespace of the cache.
 *
 * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level, `ERR_CACHE_CONFIG` for a name that is taken
 */
export function bindRoute(plan: RoutePlan, settings: HttpSettings): BoundRoute {
  const { engine, credentials } = settings
  const level = engine.forest.level(plan.level)
  registerResponseCodecs(engine)
  // A response's lifetime depends on its headers, so the namespace itself has no policy.
  const { space } = ScopedCache.registerNamespace(
    settings.cache,
    plan.name,
    plan.maxEntries === undefined ? {} : { maxEntries: plan.maxEntries },
    { producers: [plan], values: 'share' },
  )
  return {
    plan,
    settings,
    engine,
    space,
    level,
    rules: {
      shared: !level.personal,
      ttl: plan.ttl ?? engine.policy.ttl,
      statuses: plan.statuses,
      setCookie: plan.setCookie,
      credentialHeaders: credentials.headers,
      keyedHeaders: new Set(plan.varyHeaders),
      needsPermission: false,
    },
    staleWhileRevalidate: plan.staleWhileRevalidate ?? (level.personal ? 0 : engine.policy.staleWhileRevalidate),
    staleIfError: plan.staleIfError ?? (level.personal ? 0 : engine.policy.staleIfError),
    jitter: engine.policy.jitter,
    uncacheable: new UncacheableKeys(engine.clock),
    notes: new DevelopmentNotes(engine.signals.log, plan.name),
  }
}

/** Who shares what is kept at a level. */
export function audienceOf(level: LevelNode): Audience {
  if (level.path.length === 0) return 'everybody'
  return level.personal ? 'one' : 'several'
}
