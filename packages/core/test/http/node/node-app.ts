import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import { ContextDefinition, Route, type MiddlewareOptions } from '@cacheado/core/http'
import { NodeRequest, answerNode, watchWrites } from '@cacheado/core/http/node'
import { identityFrom } from '@cacheado/core/identity'
import { onTestFinished } from 'vitest'

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown
/** A middleware as Express has them. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown

/** An answer as the client got it. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly text: string
  /** Cache-Status without the name. */
  readonly cache: string
}

export interface NodeAppOptions {
  readonly route?: Partial<MiddlewareOptions<IncomingMessage>>
  readonly cache?: CacheOptions
  /** Middlewares outside of the cache. */
  readonly before?: readonly Middleware[]
  /** Middlewares between the cache and the handler. */
  readonly after?: readonly Middleware[]
}

/** A server of Node's with the cache in front of one handler; every caller is the user that `x-user` names, or `u`. */
export class NodeApp {
  readonly cache: ScopedCache
  runs = 0
  readonly #listener: RequestListener
  #server: Server | undefined

  constructor(handler: Handler, options: NodeAppOptions = {}) {
    this.cache = createCache({ scopes: { user: 'global' }, ...options.cache })
    const identity = identityFrom({ user: (request: IncomingMessage) => (request.headers['x-user'] as string) ?? 'u' })
    const definition = new ContextDefinition<IncomingMessage>({ cache: this.cache, identity })
    const route = new Route<IncomingMessage>({ scope: 'user', ttl: '1m', ...options.route })
    const context: Middleware = (request, response, next) => {
      const opened = definition.open(new NodeRequest(request))
      watchWrites(opened, response)
      return opened.run(next)
    }
    const middleware: Middleware = (request, response, next) => {
      const opened = route.contextOf(request, () => new NodeRequest(request))
      const skipped = () => ['audit']
      answerNode(route.cacheFor(opened), opened, { request, response, run: next, fail: next, skipped })
    }
    const run: Middleware = (request, response) => {
      this.runs++
      return handler(request, response)
    }
    this.#listener = chain([...(options.before ?? []), context, middleware, ...(options.after ?? []), run])
  }

  /** Where it listens; it stops when the test ends. */
  async listen(): Promise<AddressInfo> {
    if (this.#server === undefined) {
      const server = createServer(this.#listener)
      this.#server = server
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
    }
    return this.#server.address() as AddressInfo
  }

  get listener(): RequestListener {
    return this.#listener
  }

  async get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { port } = await this.listen()
    return new Promise((resolve, reject) => {
      const outgoing = send({ port, host: '127.0.0.1', path, method, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))))
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
  }
}

function answerOf(response: IncomingMessage, body: Buffer): Answer {
  const { headers, rawHeaders, statusCode = 0 } = response
  const cache = String(headers['cache-status'] ?? 'none').replace(/^cacheado; /, '')
  return { status: statusCode, headers, rawHeaders, body, text: body.toString(), cache }
}

/** Middlewares one after the other; what fails is answered with 500, as Express does. */
function chain(steps: readonly Middleware[]): RequestListener {
  return (request, response) => {
    const fail = (error: unknown): void => {
      if (response.headersSent) return void response.destroy()
      response.statusCode = 500
      response.end(error instanceof Error ? error.message : 'failed')
    }
    const run = (at: number): unknown => {
      const step = steps[at] as Middleware
      return step(request, response, (error) => (error === undefined ? run(at + 1) : fail(error)))
    }
    Promise.resolve()
      .then(() => run(0))
      .catch(fail)
  }
}
