import type { Replay } from '../replay.js'
import type { RequestContext } from '../request-context.js'
import type { HeaderFields } from '../syntax/header-fields.js'
import type { Outcome, ResponseCache } from '../response-cache.js'
import { withoutFields } from './fetch-request.js'
import { observeResponse, type ObserveOptions } from './observe-response.js'
import { replayResponse } from './replay-response.js'

/** What an adapter of a Fetch framework does with a request. */
export interface FetchExchange extends Pick<ObserveOptions, 'waitUntil'> {
  readonly request: Request
  /** Runs what comes after, the handler in the end, which is to see this request; gives its response. */
  readonly run: (request: Request) => Promise<Response>
  /** What the handler threw, where the framework has answered in its place. Default: nothing. */
  readonly error?: () => unknown
  /** The header fields that outer middlewares have prepared for the response. Default: none. */
  readonly before?: () => HeaderFields
  /** Makes a response of a stored one. Default: {@link replayResponse}. */
  readonly replay?: (replay: Replay) => Response
  /** Names what a hit answers without running, for a note in development. Default: nothing. */
  readonly skipped?: () => readonly string[]
}

/**
 * Answers a request from the cache, or runs the handler and lets the cache observe its response. A promise only where
 * something has to be waited for.
 */
export function answerFetch(
  cache: ResponseCache,
  context: RequestContext,
  exchange: FetchExchange,
): Response | Promise<Response> {
  const outcome = cache.answer(context)
  return outcome instanceof Promise
    ? outcome.then((settled) => proceed(cache, settled, exchange))
    : proceed(cache, outcome, exchange)
}

function proceed(cache: ResponseCache, outcome: Outcome, exchange: FetchExchange): Response | Promise<Response> {
  if (outcome.kind === 'run') return run(outcome, exchange)
  if (exchange.skipped) cache.noteSkipped(exchange.skipped)
  return (exchange.replay ?? replayResponse)(outcome)
}

async function run(
  { recording }: Extract<Outcome, { kind: 'run' }>,
  { request, run: handle, error, before, waitUntil }: FetchExchange,
): Promise<Response> {
  if (recording === undefined) return handle(request)
  try {
    const prepared = before?.()
    const response = await handle(withoutFields(request, recording.hidden))
    return observeResponse(recording, response, { error: error?.(), before: prepared, waitUntil })
  } catch (thrown) {
    recording.abort()
    throw thrown
  }
}
