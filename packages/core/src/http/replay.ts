import { isNotModified } from './decide/conditional.js'
import type { HttpRequest } from './http-request.js'
import type { GroupedFields, StoredResponse } from './stored-response.js'

/** An answer from the cache: what an adapter writes, in place of running the handler. */
export interface Replay {
  readonly kind: 'replay'
  readonly status: number
  /** Each name once; several lines are a list. Never to be changed: other replays send the same. */
  readonly fields: GroupedFields
  /** `Age`, in seconds, where there is one to send. */
  readonly age: string | undefined
  /** `Cache-Status`. */
  readonly cacheStatus: string
  /** The bytes to send; `undefined` for none. Never to be changed. */
  readonly body: Uint8Array | undefined
}

/**
 * A stored response as the answer to one request: complete, without body (HEAD), or 304 where the client's copy is good.
 *
 * @param age milliseconds since the response was made
 * @param now wall clock
 */
export function replayStored(
  stored: StoredResponse,
  request: HttpRequest,
  age: number,
  cacheStatus: string,
  now: number,
): Replay {
  const seconds = String(Math.floor(age / 1000))
  if (stored.status === 200 && isNotModified(request, stored.validators, now)) {
    return { kind: 'replay', status: 304, fields: stored.notModified, age: seconds, cacheStatus, body: undefined }
  }
  const body = request.method === 'HEAD' || stored.body.byteLength === 0 ? undefined : stored.body
  return { kind: 'replay', status: stored.status, fields: stored.grouped, age: seconds, cacheStatus, body }
}

/** The answer to a request that wants nothing but a stored response, where there is none (RFC 9111 §5.2.1.7). */
export function gatewayTimeout(cacheStatus: string): Replay {
  return {
    kind: 'replay',
    status: 504,
    fields: [['Content-Length', '0']],
    age: undefined,
    cacheStatus,
    body: undefined,
  }
}
