import type { CacheError } from './cache-error.js'
import { lifetime, type Duration } from './duration.js'
import { tagList } from './policy.js'

/** The value that was there before a load. */
export interface Previous<T> {
  readonly value: T
  /** How long ago it was stored, in milliseconds. */
  readonly age: number
}

/** What a loader gets: how to give up, and what it may decide from the value it loads. */
export class LoadContext<T = unknown> {
  #controller: AbortController | undefined
  #abortedBy: CacheError | undefined
  #ttl: number | undefined
  #tags: readonly string[]
  #skipped = false

  constructor(
    /** The value that this load replaces, if one is still there: for conditional requests. */
    readonly previous?: Previous<T>,
    /** The tags known before the load. */
    tags: readonly string[] = [],
  ) {
    this.#tags = tags
  }

  /** Aborts when the load's `loadTimeout` is over or the cache closes; never because a waiting caller left. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedBy) this.#controller.abort(this.#abortedBy)
    }
    return this.#controller.signal
  }

  /**
   * Decides how long this value is fresh.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for zero or a bad duration
   */
  ttl(ttl: Duration | 'max'): void {
    this.#ttl = lifetime(ttl, 'ttl')
  }

  /**
   * Adds tags that only the value tells.
   *
   * @throws CacheError `ERR_CACHE_CONFIG` for a bad tag, or more than 16 together with those of the policy
   */
  tags(...tags: readonly (string | readonly string[])[]): void {
    this.#tags = tagList([...this.#tags, ...tags.flat()])
  }

  /** The value goes to the caller and is not kept. */
  skip(): void {
    this.#skipped = true
  }

  /** @internal What the loader decided; `tags` are all the value carries. */
  get decided(): { readonly ttl: number | undefined; readonly tags: readonly string[]; readonly skipped: boolean } {
    return { ttl: this.#ttl, tags: this.#tags, skipped: this.#skipped }
  }

  /** @internal */
  abort(reason: CacheError): void {
    this.#abortedBy = reason
    this.#controller?.abort(reason)
  }
}

/** Produces a value that is missing. What it throws reaches its callers unchanged and is not cached. */
export type Load<T> = (context: LoadContext<T>) => Promise<T> | T
