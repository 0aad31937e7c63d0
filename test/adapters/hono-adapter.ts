import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cacheContext, cacheMiddleware, type CacheVariables } from '@cacheado/hono'
import { createAdaptorServer } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { callerOf, claimsOf, type Adapter, type Answer, type ApplicationSpec, type RouteSpec } from './application.js'

type Environment = { Variables: CacheVariables & { jwtPayload: Record<string, string> | undefined } }

/** Hono on Node. */
export const honoAdapter: Adapter = { name: 'Hono', start }

async function start({ cache, identity, routes }: ApplicationSpec) {
  const app = new Hono<Environment>()
  app.use(cacheContext({ cache, identity }))
  app.use(async (c, next) => {
    c.set('jwtPayload', claimsOf(c.req.header('authorization')))
    await next()
  })
  for (const route of routes) mount(app, route)
  app.onError((error, c) => c.json({ error: error.message }, 500))
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function mount(app: Hono<Environment>, { method = 'get', path, options, handler }: RouteSpec): void {
  const answer = async (c: Context<Environment>) => {
    const { pathname, search } = new URL(c.req.url)
    const ask = {
      who: callerOf(c.get('jwtPayload')),
      url: pathname + search,
      cache: c.get('cache'),
      header: (name: string) => c.req.header(name),
    }
    return responseOf(c, await handler(ask))
  }
  if (options === undefined) app[method](path, answer)
  else app[method](path, cacheMiddleware(options), answer)
}

function responseOf(c: Context, { status = 200, headers = [], body = '', chunks }: Answer): Response {
  for (const [name, value] of headers) c.header(name, value, { append: true })
  const empty = status === 204 || status === 304
  return c.newResponse((empty ? null : chunks ? streamOf(chunks) : body) as never, status as never)
}

function streamOf(chunks: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(new TextEncoder().encode(value))
    },
  })
}
