import type { Duration } from '../duration.js'
import type { Ids, Level } from '../scope-types.js'
import type { Scope } from '../scope.js'
import { ScopedCache } from '../scoped-cache.js'
import { AwaitedScope } from './awaited-scope.js'
import type { RequestDecisions } from './request-decisions.js'
import type { RequestIdentity } from './request-identity.js'

/**
 * The cache for the caller of one request: `req.cache`, `c.var.cache`. Who that is, is found out when it is first needed,
 * inside the asynchronous operations.
 */
export interface RequestCache {
  /**
   * The caller's own scope. Where the caller cannot be placed it shares with nobody: reads miss, writes do nothing, loaders
   * run; what removes something rejects with `ERR_CACHE_SCOPE`.
   *
   * @throws CacheError `ERR_CACHE_SCOPE` for an undeclared level
   */
  at(level: Level): Scope
  /** What all callers share. */
  readonly global: Scope
  /** Who asks: level to id, without secret levels; empty for somebody unknown. */
  identity(): Promise<Ids>
  /**
   * Decides how long this response is fresh in the cache, whatever its headers tell others. To be called before the
   * response is written.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for zero or a bad duration
   */
  ttl(ttl: Duration | 'max'): void
  /**
   * Adds tags to this response. To be called before it ends.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad tag or more than 16
   */
  tags(...tags: readonly (string | readonly string[])[]): void
  /** Keeps this response out of the cache. To be called before it is written. */
  skip(): void
}

/** What a request's cache is made of. */
interface Owner {
  readonly settings: { readonly cache: ScopedCache }
  readonly identity: RequestIdentity
  readonly decisions: RequestDecisions
}

/** {@link RequestCache} over a request's identity and decisions. */
export class OwnRequestCache implements RequestCache {
  readonly #owner: Owner

  constructor(owner: Owner) {
    this.#owner = owner
  }

  at(level: Level): Scope {
    return new AwaitedScope(this.#owner.settings.cache, level, this.#owner.identity)
  }

  get global(): Scope {
    return this.#owner.settings.cache.global
  }

  async identity(): Promise<Ids> {
    const known = await this.#owner.identity.ask()
    const { forest } = ScopedCache.engineOf(this.#owner.settings.cache)
    const ids = known.status === 'known' ? Object.entries(known.ids) : []
    return Object.fromEntries(ids.filter(([level]) => forest.has(level) && !forest.level(level).secret))
  }

  ttl(ttl: Duration | 'max'): void {
    this.#owner.decisions.setTtl(ttl)
  }

  tags(...tags: readonly (string | readonly string[])[]): void {
    this.#owner.decisions.addTags(tags.flat())
  }

  skip(): void {
    this.#owner.decisions.skip()
  }
}
