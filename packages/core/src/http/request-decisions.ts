import { lifetime, type Duration } from '../duration.js'
import { tagList } from '../policy.js'

/** What a handler decides about its own response while it runs. */
export class RequestDecisions {
  #ttl: number | undefined
  #tags: readonly string[] = []
  #skipped = false

  /** Milliseconds, where the handler decided. */
  get ttl(): number | undefined {
    return this.#ttl
  }

  get tags(): readonly string[] {
    return this.#tags
  }

  get skipped(): boolean {
    return this.#skipped
  }

  /** @throws CacheError `ERR_CACHE_CONFIG` for zero or a bad duration */
  setTtl(ttl: Duration | 'max'): void {
    this.#ttl = lifetime(ttl, 'ttl')
  }

  /** @throws CacheError `ERR_CACHE_CONFIG` for a bad tag or more than 16 */
  addTags(tags: readonly string[]): void {
    this.#tags = tagList([...this.#tags, ...tags])
  }

  skip(): void {
    this.#skipped = true
  }
}
