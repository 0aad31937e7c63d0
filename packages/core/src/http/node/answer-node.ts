import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Outcome, ResponseCache } from '../response-cache.js'
import type { RequestContext } from '../request-context.js'
import { sendReplay } from './send-replay.js'
import { watchResponse } from './watch-response.js'

/** What an adapter of a Node framework does with a request. */
export interface NodeExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Runs what comes after: the handler, in the end. */
  readonly run: () => void
  /** Hands an error of the cache's own to the framework: a misconfiguration, or a missing scope where that throws. */
  readonly fail: (error: unknown) => void
  /** Names what a hit answers without running, for a note in development. Default: nothing. */
  readonly skipped?: () => readonly string[]
}

/** Answers a request from the cache, or runs the handler and lets the cache watch its response. */
export function answerNode(cache: ResponseCache, context: RequestContext, exchange: NodeExchange): void {
  try {
    const outcome = cache.answer(context)
    if (!(outcome instanceof Promise)) return proceed(cache, outcome, exchange)
    outcome.then((settled) => proceed(cache, settled, exchange)).catch(exchange.fail)
  } catch (error) {
    exchange.fail(error)
  }
}

function proceed(cache: ResponseCache, outcome: Outcome, { request, response, run, skipped }: NodeExchange): void {
  if (outcome.kind === 'replay') {
    if (skipped) cache.noteSkipped(skipped)
    return sendReplay(response, outcome)
  }
  if (outcome.recording) watchResponse(outcome.recording, request, response)
  run()
}
