import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ContextDefinition, Route, contextOf, type ContextOptions, type MiddlewareOptions } from '@cacheado/core/http'
import { NodeRequest, answerNode, watchWrites } from '@cacheado/core/http/node'

type Handler = (request: IncomingMessage, response: ServerResponse) => void
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void, fail: (error: unknown) => void) => void

/** `cacheContext` as an adapter for Node would write it. */
export function nodeContext(options: ContextOptions<IncomingMessage>): Middleware {
  const definition = new ContextDefinition(options)
  return (request, response, next, fail) => {
    const context = definition.open(new NodeRequest(request))
    watchWrites(context, response)
    const running = context.run(next)
    if (running instanceof Promise) running.catch(fail)
  }
}

/** `cacheMiddleware` as an adapter for Node would write it. */
export function nodeCache(options: MiddlewareOptions<IncomingMessage>): Middleware {
  const route = new Route(options)
  return (request, response, run, fail) => {
    const context = route.contextOf(request, () => new NodeRequest(request))
    answerNode(route.cacheFor(context), context, { request, response, run, fail })
  }
}

/** Middlewares and a handler as one listener; what fails is answered with 500. */
export function chain(...steps: readonly (Middleware | Handler)[]): RequestListener {
  return (request, response) => {
    const run = (at: number): void => {
      const fail = (error: unknown): void => {
        response.statusCode = 500
        response.end(error instanceof Error ? error.message : 'failed')
      }
      try {
        ;(steps[at] as Middleware)(request, response, () => run(at + 1), fail)
      } catch (error) {
        fail(error)
      }
    }
    run(0)
  }
}

export { contextOf }

/** A server on a free port; `close` ends it and its connections. */
export async function listen(listener: RequestListener): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
