import type { Terms } from '../memory/place.js'
import { audienceOf, type BoundRoute } from './bound-route.js'
import { BodyRecord } from './body-record.js'
import { downstreamFields } from './decide/downstream.js'
import { dateOf, instantOf } from './decide/freshness.js'
import { replayFields } from './decide/replay-fields.js'
import type { ResponseHead, StorableVerdict } from './decide/storable.js'
import { changeFields } from './field-changes.js'
import { StoredResponse } from './stored-response.js'
import { combined, fieldLines, type HeaderFields } from './syntax/header-fields.js'
import { formatHttpDate } from './syntax/http-date.js'

/** A response that may be stored, and what it is worth. */
export type Storable = Extract<StorableVerdict, { store: true }>

/** A response that may be stored, while its body flows. */
export class ResponseRecord {
  readonly body: BodyRecord
  readonly #route: BoundRoute
  readonly #head: ResponseHead
  readonly #verdict: Storable
  readonly #fields: HeaderFields

  /** @param before the fields that stood before the handler began */
  constructor(route: BoundRoute, head: ResponseHead, verdict: Storable, fields: HeaderFields, before: HeaderFields) {
    this.#route = route
    this.#head = head
    this.#verdict = verdict
    this.body = new BodyRecord(route.plan.maxBodyBytes)
    const { settings, plan, level } = route
    const kept = replayFields(fields, head.lines, fieldLines(before), plan, verdict.withheld)
    // What the caches in front of us are told does not depend on the request: it is stored with the rest.
    this.#fields = changeFields(kept, downstreamFields(head.lines, audienceOf(level), settings.identityHeaders))
  }

  /**
   * The whole response; `undefined` where it is not all there: a declared length that was not kept (rule R-23).
   *
   * @param elapsed milliseconds since its head was written
   */
  complete(elapsed: number): StoredResponse | undefined {
    const body = this.body.bytes()
    const { lines, status, now } = this.#head
    const declared = combined(lines, 'content-length')
    if (declared !== undefined && declared !== String(body.byteLength)) return undefined
    return new StoredResponse({
      status,
      fields: this.#fieldsWith(body.byteLength),
      body,
      age: this.#verdict.age + elapsed,
      permitted: this.#verdict.permitted,
      validators: {
        etag: lines.get('etag')?.[0],
        modified: instantOf(lines, 'last-modified', now) ?? dateOf(lines, now),
      },
    })
  }

  /** How long and under which tags it is kept; `undefined` where its time was over before it was complete. */
  terms(elapsed: number, tags: readonly string[], bytes: number): Terms | undefined {
    const { mustRevalidate, explicit } = this.#verdict
    const ttl = this.#verdict.ttl - elapsed
    if (ttl <= 0) return undefined
    return {
      policy: {
        ttl,
        staleWhileRevalidate: mustRevalidate ? 0 : this.#route.staleWhileRevalidate,
        staleIfError: mustRevalidate ? 0 : this.#route.staleIfError,
        refreshAhead: 0,
        // A handler that says how long is taken at its word.
        jitter: explicit ? 0 : this.#route.jitter,
      },
      tags,
      bytes,
    }
  }

  #fieldsWith(length: number): HeaderFields {
    const { lines, now } = this.#head
    const added: HeaderFields[number][] = []
    if (!lines.has('date')) added.push(['Date', formatHttpDate(now)])
    if (!lines.has('content-length') && length > 0) added.push(['Content-Length', String(length)])
    return [...this.#fields, ...added]
  }
}
