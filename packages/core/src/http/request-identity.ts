import { isCacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import type { Claims, IdentityRequest, IdentityResolver, Resolution } from '../identity/identity-request.js'
import { isPromiseLike } from '../identity/identity-source.js'
import { deadlineIn } from './deadline.js'
import type { RequestBypass } from './reasons.js'

/** Who asks, as far as it is known now. */
export type Known =
  | { readonly status: 'known'; readonly ids: Readonly<Record<string, string>>; readonly claims: Claims | undefined }
  | { readonly status: 'unknown'; readonly reason: RequestBypass }

/** How long a request waits to learn who asks, in milliseconds (rule R-01). */
const PATIENCE = 50

const NOBODY: Known = { status: 'unknown', reason: 'no-scope' }
const REFUSED: Known = { status: 'unknown', reason: 'identity-refused' }
const FAILED: Known = { status: 'unknown', reason: 'identity-failed' }
const CHANGED: Known = { status: 'unknown', reason: 'identity-changed' }
const NO_IDS: ReadonlyMap<string, string> = new Map()

type Found = Extract<Known, { status: 'known' }>

/**
 * Who asks, for one request. It is asked for when it is first needed. What the resolver answers at once is asked for each
 * time, since authentication may run in between; what it promises is remembered once it is known, until the verified
 * claims or the session change. "Unknown" is never remembered. An identity that was known and later differs (login,
 * logout, switch of tenant) is unknown from then on: nothing of one identity may reach the other.
 */
export class RequestIdentity {
  readonly #resolver: IdentityResolver | undefined
  readonly #request: IdentityRequest
  readonly #clock: Clock
  #found: Found | undefined
  /** What a promised identity was found from: verified claims and session. */
  #origin: readonly unknown[] | undefined
  #changed = false
  #pending: Promise<Known> | undefined
  #ids: ReadonlyMap<string, string> | undefined

  constructor(resolver: IdentityResolver | undefined, request: IdentityRequest, clock: Clock) {
    this.#resolver = resolver
    this.#request = request
    this.#clock = clock
  }

  /**
   * Who asks; a promise only where the resolver promises, and then for 50 ms at the most. Rejects with
   * `ERR_CACHE_CONFIG` alone: a mistake of the application that only a request can show.
   */
  ask(): Known | Promise<Known> {
    if (this.#changed) return CHANGED
    if (this.#resolver === undefined) return NOBODY
    if (this.#found !== undefined && this.#isRemembered()) return this.#found
    return this.#pending ?? this.askAgain()
  }

  /** Who asks now, whatever is remembered: verified claims may have changed within, unnoticed. Else like {@link ask}. */
  askAgain(): Known | Promise<Known> {
    if (this.#changed) return CHANGED
    if (this.#resolver === undefined) return NOBODY
    const answer = attempt(this.#resolver, this.#request)
    if (!isPromiseLike(answer)) return this.#take(answer)
    this.#pending = this.#wait(Promise.resolve(answer))
    return this.#pending
  }

  /** What is known without waiting, as a context needs it: level to id, empty for somebody unknown. */
  get ids(): ReadonlyMap<string, string> {
    const known = this.ask()
    if (known instanceof Promise || known.status === 'unknown') return NO_IDS
    return (this.#ids ??= new Map(Object.entries(known.ids)))
  }

  async #wait(answer: Promise<Resolution | undefined>): Promise<Known> {
    const origin = this.#originNow()
    const deadline = deadlineIn(PATIENCE, this.#clock)
    try {
      const resolution = await Promise.race([answer.catch(failure), deadline.passed])
      if (resolution?.status === 'resolved') this.#origin = origin
      return this.#take(resolution)
    } finally {
      deadline.cancel()
      this.#pending = undefined
    }
  }

  #take(resolution: Resolution | undefined): Known {
    if (resolution?.status === 'resolved') {
      if (this.#found !== undefined && !sameIds(this.#found.ids, resolution.ids)) return this.#change()
      return (this.#found = { status: 'known', ids: resolution.ids, claims: resolution.claims })
    }
    if (this.#found !== undefined) return this.#change()
    if (resolution === undefined) return FAILED
    return resolution.status === 'refused' ? REFUSED : NOBODY
  }

  #change(): Known {
    this.#changed = true
    return CHANGED
  }

  #isRemembered(): boolean {
    const now = this.#originNow()
    return this.#origin?.every((part, at) => part === now[at]) === true
  }

  #originNow(): readonly unknown[] {
    return [this.#request.claims(), this.#request.session()?.id]
  }
}

function attempt(resolver: IdentityResolver, request: IdentityRequest): Resolution | Promise<Resolution> | undefined {
  try {
    return resolver(request)
  } catch (error) {
    return failure(error)
  }
}

/** A resolver that throws knows nobody; a misconfigured application has to be heard. */
function failure(error: unknown): undefined {
  if (isCacheError(error, 'ERR_CACHE_CONFIG')) throw error
  return undefined
}

function sameIds(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const levels = Object.keys(one)
  return levels.length === Object.keys(other).length && levels.every((level) => one[level] === other[level])
}
