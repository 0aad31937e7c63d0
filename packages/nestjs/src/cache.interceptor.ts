import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor, type Type } from '@nestjs/common'
import { Route, type Outcome, type RouteOptions } from '@cacheado/core/http'
import { sendReplay, watchResponse } from '@cacheado/core/http/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Observable, tap } from 'rxjs'
import { slotOf } from './cache-token.js'
import { perPair } from './per-pair.js'
import { contextOf } from './request-context.js'

/** What `@CacheScope` leaves on a handler or a controller. */
export const ROUTE = Symbol.for('cacheado.nestjs.route')
type DeclaredRoute = (RouteOptions & { readonly cache?: string }) | undefined

/** The route of a cached handler, else `null`; for each controller that inherits it: versions of an API may share URLs. */
export const routeOf = perPair((controller: Type, handler: { readonly name: string }) => {
  const own = Reflect.getOwnMetadata(ROUTE, handler) as DeclaredRoute
  const declared = own ?? (Reflect.getMetadata(ROUTE, controller) as DeclaredRoute)
  // Nest keeps the path of a handler there.
  if (declared === undefined || !Reflect.hasOwnMetadata('path', handler)) return null
  const { cache, name = `route ${controller.name}`, ...options } = declared
  const route = new Route({ ...options, name: own?.name ?? `${name}.${handler.name}` }, '@CacheScope')
  return { route, slot: slotOf(cache) }
})

/** What `@CacheScope` puts around handlers, behind the guards. In a test, `overrideInterceptor(CacheInterceptor)` takes it out. */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const cached = context.getType() === 'http' ? routeOf(context.getClass(), context.getHandler()) : null
    const [request, response] = context.getArgs<[IncomingMessage & { raw?: object }, ServerResponse]>()
    // What has no `writeHead` is no response of Node's, but Fastify's reply.
    if (cached === null || typeof response.writeHead !== 'function') return next.handle()
    const opened = contextOf(request, cached.slot)
    const outcome = cached.route.cacheFor(opened).answer(opened)
    const proceed = (known: Outcome) => answer(known, request, response, next)
    return outcome instanceof Promise ? outcome.then(proceed) : proceed(outcome)
  }
}

function answer(outcome: Outcome, request: IncomingMessage, response: ServerResponse, next: CallHandler) {
  if (outcome.kind === 'run') {
    const { recording } = outcome
    if (recording === undefined) return next.handle()
    watchResponse(recording, request, response)
    let answered = false
    // Who leaves before there is an answer (an outer interceptor's timeout) has an error for the client instead.
    const left = () => answered || recording.threw()
    return next.handle().pipe(tap({ next: () => (answered = true), error: () => recording.threw(), unsubscribe: left }))
  }
  return new Observable((subscriber) => {
    // Global interceptors, which stand around this one, come to their end first: they may set headers there.
    const sent = Promise.resolve().then(() => sendReplay(silenced(response), outcome))
    sent.catch((error: Error) => response.destroy(error))
    subscriber.next(undefined)
    subscriber.complete()
  })
}

const nothing = Object.prototype.valueOf // gives back what it is called on
const REPLIES = { status: nothing, send: nothing, json: nothing, render: nothing, redirect: nothing }
const extended = perPair((base: object, own: object) => Object.assign(Object.create(base) as object, own))

/** Nest replies with what interceptors emit, by these methods of Express: not where a stored response is sent. */
function silenced(response: ServerResponse): ServerResponse {
  for (const name in REPLIES) if (Object.hasOwn(response, name)) Object.assign(response, { [name]: nothing })
  // Five properties would cost ten times as much.
  return Object.setPrototypeOf(response, extended(Object.getPrototypeOf(response) as object, REPLIES)) as ServerResponse
}
