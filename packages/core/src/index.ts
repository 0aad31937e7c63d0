/**
 * A multi-tenant cache: every value lives in a scope, and a caller who cannot be placed never shares.
 *
 * @example
 * ```ts
 * import { createCache } from '@cacheado/core'
 *
 * const cache = createCache({ scopes: { organization: 'global', user: 'organization' }, ttl: '5m' })
 * const acme = cache.at('organization', { organization: 'acme' })
 * const report = await acme.getOrSet(['report', '2026-11'], () => buildReport('acme', '2026-11'))
 * await acme.invalidate() // acme, its users, their sessions
 * ```
 *
 * @module
 */
export { createCache } from './create-cache.js'
export { ScopedCache, type CacheHealth } from './scoped-cache.js'
export { defineScopes, type ScopeTraits } from './define-scopes.js'
export type { Ids, IdsOf, Level, LevelMap, RegisteredLevels, Scopes } from './scope-types.js'
export type { Id } from './id.js'
export type { CacheOptions, MemoryOptions, OnMissingScope } from './engine.js'
export type { Policy } from './policy.js'
export { duration, type Duration } from './duration.js'
export type { ByteSize } from './memory/byte-size.js'
export type { ValuesMode } from './values.js'
export type { Scope, SyncScope, Lookup, GetOrSetOptions, SetOptions } from './scope.js'
export type { Key, KeyPart } from './key-text.js'
export { keyEncoder, type KeyEncoder } from './key-encoder.js'
export type { Load, LoadContext, Previous } from './load-context.js'
export type { LoadSync } from './get-or-set-sync.js'
export type { LoadMany } from './batch.js'
export type { InvalidationResult } from './invalidation.js'
export type { PurgeResult, RemoteHealth, RemoteStats, RemoteStore } from './remote.js'
export type { Namespace, NamespaceOptions } from './namespace.js'
export type { StandardSchema } from './standard-schema.js'
export {
  fromArguments,
  type WrapOptions,
  type Wrapped,
  type WrappedFunction,
  type WrappedSyncFunction,
} from './wrap.js'
export type { WrapManyOptions, WrappedManyFunction } from './wrap-many.js'
export { Cached, CachedSync, type CachedOptions, type CachedDecorator } from './cached.js'
export type { ScopeStats, CacheStats, TopScope, RankedBy } from './scope-stats.js'
export type { BypassReason, CacheEvent, CacheEvents, StoreEventKind } from './signals.js'
export type { Logger, LogFields } from './logger.js'
export type { Clock } from './clock.js'
export type { EvictionPolicyName } from './memory/policies.js'
export type { Evictable, EvictionPolicy, EvictionQueue } from './memory/eviction-policy.js'
export { CacheError, isCacheError, type CacheErrorCode } from './cache-error.js'
