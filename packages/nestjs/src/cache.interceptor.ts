import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common'
import type { Outcome } from '@cacheado/core/http'
import { sendReplay, watchResponse } from '@cacheado/core/http/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { defer, of, tap, type Observable } from 'rxjs'
import { routeOf } from './cached-route.js'
import { contextOf } from './request-context.js'

/** What `@CacheScope` puts around handlers, behind the guards. In a test, `overrideInterceptor(CacheInterceptor)` takes it out. */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const cached = context.getType() === 'http' ? routeOf(context.getClass(), context.getHandler()) : null
    const [request, response] = context.getArgs<[IncomingMessage, ServerResponse]>()
    // What has no `writeHead` is no response of Node's, but Fastify's reply.
    if (cached === null || typeof response.writeHead !== 'function') return next.handle()
    const opened = contextOf(request, cached.slot)
    const outcome = cached.route.cacheFor(opened).answer(opened)
    const proceed = (known: Outcome) => answer(known, request, response, next)
    return outcome instanceof Promise ? outcome.then(proceed) : proceed(outcome)
  }
}

function answer(
  outcome: Outcome,
  request: IncomingMessage,
  response: ServerResponse,
  next: CallHandler,
): Observable<unknown> {
  if (outcome.kind === 'run') {
    const { recording } = outcome
    if (recording === undefined) return next.handle()
    watchResponse(recording, request, response)
    return next.handle().pipe(tap({ error: () => recording.threw() }))
  }
  return defer(() => {
    // Global interceptors, which stand around this one, come to their end first: they may set headers there.
    const sent = Promise.resolve().then(() => sendReplay(Object.assign(response, ANSWERED), outcome))
    sent.catch((error: Error) => response.destroy(error))
    return of(undefined)
  })
}

function nothing<R>(this: R): R {
  return this
}

/** Nest replies with what interceptors emit, by these methods of Express; the stored response is all there is to send. */
const ANSWERED = { status: nothing, send: nothing, json: nothing, render: nothing, redirect: nothing }
