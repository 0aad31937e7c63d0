import { audienceOf, type BoundRoute } from './bound-route.js'
import { CONDITIONAL_FIELDS, CONTENT_FIELDS, isConditional, isNotModified } from './decide/conditional.js'
import { downstreamFields, type FieldChanges } from './decide/downstream.js'
import { instantOf } from './decide/freshness.js'
import type { Fill } from './fill.js'
import type { RequestBypass, RefusalToStore } from './reasons.js'
import type { Replay } from './replay.js'
import type { RequestContext } from './request-context.js'
import { staleCopy, type Fallback } from './stale-copy.js'
import { formatCacheStatus, type ForwardReason } from './syntax/cache-status.js'
import { combined, fieldLines, type FieldLines, type HeaderFields } from './syntax/header-fields.js'

/** What to do with the head that a handler is about to send. */
export type HeadDecision =
  /** Send it with these changes, and its body. */
  | ({ readonly kind: 'send' } & FieldChanges)
  /** The client has it already: send 304 with these changes and no body; the handler's body is still recorded. */
  | ({ readonly kind: 'not-modified' } & FieldChanges)
  /** Send this instead of anything the handler wrote. */
  | { readonly kind: 'replace'; readonly replay: Replay }

/** Why and how a request went to its handler. */
export interface RecordingPlan {
  readonly route: BoundRoute
  readonly context: RequestContext
  readonly fwd: ForwardReason
  readonly reason?: RequestBypass | undefined
  /** What stores the response, where it may be stored. */
  readonly fill?: Fill | undefined
  /** A stale entry that answers where the handler fails. */
  readonly fallback?: Fallback | undefined
}

/** The statuses for which a stale response may be served instead (RFC 5861 §4). */
const FAILURES = new Set([500, 502, 503, 504])

/**
 * Watches the response of a handler while it is written: tells what to change in its head, and hands its bytes to the
 * {@link Fill}. Adapters show it what happens, in this order: {@link head}, {@link late}, {@link write}, {@link end} or
 * {@link abort}. The response itself is never held back.
 */
export class Recording {
  readonly #plan: RecordingPlan
  /** The client's validators, hidden from the handler so that its answer is complete. */
  readonly hidden: readonly string[]

  constructor(plan: RecordingPlan) {
    this.#plan = plan
    this.hidden = plan.fill !== undefined && isConditional(plan.context.request) ? CONDITIONAL_FIELDS : []
  }

  /** Whether {@link write} has to be called. */
  get wantsBody(): boolean {
    return this.#plan.fill?.recording === true
  }

  /**
   * The handler's head, about to be sent.
   *
   * @param fields every field that is going to be sent, names as written
   * @param before the fields that stood before the handler began
   */
  head(status: number, fields: HeaderFields, before: HeaderFields = []): HeadDecision {
    const { fill } = this.#plan
    const replay = FAILURES.has(status) ? this.#staleCopy(status) : undefined
    if (replay !== undefined) {
      fill?.fail()
      return { kind: 'replace', replay }
    }
    const lines = fieldLines(fields)
    const refusal = fill?.judge(status, fields, before)
    const changes = this.#changes(lines, refusal)
    if (!this.#isNotModified(status, lines)) return { kind: 'send', ...changes }
    return { kind: 'not-modified', set: changes.set, remove: [...changes.remove, ...CONTENT_FIELDS] }
  }

  /** Fields that others added while the head was being written: sessions do so. */
  late(fields: HeaderFields): void {
    this.#plan.fill?.judgeLate(fields)
  }

  /** Bytes of the body, as they are sent. They are copied. */
  write(chunk: Uint8Array): void {
    this.#plan.fill?.write(chunk)
  }

  /** The handler completed its response. */
  end(): void {
    this.#plan.fill?.end()
  }

  /** The response will never be complete. */
  abort(): void {
    this.#plan.fill?.abort()
  }

  /** The handler threw: whatever is answered in its place is not its response. */
  threw(): void {
    this.#plan.fill?.fail()
  }

  #changes(lines: FieldLines, refusal: RefusalToStore | undefined): FieldChanges {
    const { route, fill, fwd, reason } = this.#plan
    const { settings } = route
    const { set, remove } = downstreamFields(lines, audienceOf(route.level), settings.identityHeaders)
    const stored = fill !== undefined && refusal === undefined
    const status = formatCacheStatus(settings.name, { fwd, stored, detail: refusal ?? reason })
    const said = combined(lines, 'cache-status')
    return { set: [...set, ['Cache-Status', said === undefined ? status : `${said}, ${status}`]], remove }
  }

  /** A handler that did not see the client's validators cannot have heeded them. */
  #isNotModified(status: number, lines: FieldLines): boolean {
    if (this.hidden.length === 0 || status !== 200) return false
    const now = this.#plan.route.engine.clock.wall()
    const validators = { etag: lines.get('etag')?.[0], modified: instantOf(lines, 'last-modified', now) }
    return isNotModified(this.#plan.context.request, validators, now)
  }

  #staleCopy(status: number): Replay | undefined {
    const { fallback, route, context, fwd } = this.#plan
    if (fallback === undefined) return undefined
    return staleCopy(route, context, fallback, { fwd, fwdStatus: status })
  }
}
