import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import express5, { type Express, type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import { callerOf, claimsOf, type Adapter, type Answer, type ApplicationSpec, type RouteSpec } from './application.js'

/** Express 5 and 4: one adapter. */
export const expressAdapters: readonly Adapter[] = [
  { name: 'Express 5', start: (application) => start(express5, application) },
  { name: 'Express 4', start: (application) => start(express4, application) },
]

async function start(express: typeof express5, { cache, identity, routes }: ApplicationSpec) {
  const app = express()
  app.use(cacheContext({ cache, identity }))
  app.use(authenticate)
  for (const route of routes) mount(app, route)
  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error)
    response.status(500).json({ error: error.message })
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function authenticate(request: Request, _response: Response, next: NextFunction): void {
  Object.assign(request, { auth: claimsOf(request.headers.authorization) })
  next()
}

function mount(app: Express, { method = 'get', path, options, handler }: RouteSpec): void {
  const middlewares = options === undefined ? [] : [cacheMiddleware(options)]
  app[method](path, ...middlewares, (request: Request, response: Response, next: NextFunction) => {
    const { auth } = request as { auth?: Record<string, string> }
    const ask = {
      who: callerOf(auth),
      url: request.originalUrl,
      cache: request.cache,
      header: (name: string) => request.get(name),
    }
    Promise.resolve()
      .then(() => handler(ask))
      .then((answer) => send(response, answer))
      .catch((error: unknown) => {
        if (response.headersSent) response.destroy(error as Error)
        else next(error)
      })
  })
}

async function send(response: Response, { status = 200, headers = [], body = '', chunks }: Answer): Promise<void> {
  response.status(status)
  for (const [name, value] of headers) response.append(name, value)
  if (chunks === undefined) return void response.end(body)
  for await (const chunk of chunks) response.write(chunk)
  response.end()
}
