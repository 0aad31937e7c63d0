import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createCache } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware, type ExpressRouteOptions } from '@cacheado/express'
import cookieSession from 'cookie-session'
import express5, { type RequestHandler, type Response } from 'express'
import express4 from 'express4'
import session from 'express-session'
import { afterEach, describe, expect, it } from 'vitest'

const servers: { close(): void; closeAllConnections(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Setup {
  readonly before?: readonly RequestHandler[]
  readonly after?: readonly RequestHandler[]
  readonly options?: Partial<ExpressRouteOptions>
  readonly handler: (response: Response, request: { session?: unknown }, n: number) => void
}

/** Each way to set a cookie: when and how it is done must not matter. */
const WAYS: readonly (readonly [way: string, setup: Setup])[] = [
  ['with res.cookie()', { handler: (response, _, n) => void response.cookie('sid', String(n)).json({ n }) }],
  [
    'with setHeader',
    { handler: (response, _, n) => (response.setHeader('Set-Cookie', `sid=${n}`), void response.json({ n })) },
  ],
  [
    'with a list',
    { handler: (response, _, n) => (response.setHeader('set-cookie', [`a=${n}`, 'b=2']), void response.json({ n })) },
  ],
  [
    'in writeHead',
    { handler: (response, _, n) => void response.writeHead(200, { 'Set-Cookie': `sid=${n}` }).end(`{"n":${n}}`) },
  ],
  [
    'in writeHead with a reason',
    {
      handler: (response, _, n) => void response.writeHead(200, 'Fine', { 'Set-Cookie': `sid=${n}` }).end(`{"n":${n}}`),
    },
  ],
  [
    'in writeHead with a flat list',
    {
      handler: (response, _, n) => void response.writeHead(200, ['Set-Cookie', `sid=${n}`] as never).end(`{"n":${n}}`),
    },
  ],
  [
    'before a body in parts',
    {
      handler: (response, _, n) => {
        response.cookie('sid', String(n))
        response.write(`{"n":`)
        response.end(`${n}}`)
      },
    },
  ],
  [
    'in a new session of express-session',
    {
      before: [session({ secret: 's', resave: false, saveUninitialized: true })],
      handler: (response, _, n) => void response.json({ n }),
    },
  ],
  [
    'in a session that the handler begins',
    {
      before: [session({ secret: 's', resave: false, saveUninitialized: false })],
      handler: (response, request, n) => (Object.assign(request.session as object, { n }), void response.json({ n })),
    },
  ],
  [
    'in a rolling session',
    {
      before: [session({ secret: 's', resave: true, rolling: true, saveUninitialized: true })],
      handler: (response, _, n) => void response.json({ n }),
    },
  ],
  [
    'in a session mounted after the cache',
    {
      after: [session({ secret: 's', resave: false, saveUninitialized: true })],
      handler: (response, _, n) => void response.json({ n }),
    },
  ],
  [
    'in cookie-session',
    {
      before: [cookieSession({ keys: ['k'] })],
      handler: (response, request, n) => (Object.assign(request.session as object, { n }), void response.json({ n })),
    },
  ],
]

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s: a response that sets a cookie', (_name, express) => {
  async function start({ before = [], after = [], options = {}, handler }: Setup) {
    const cache = createCache({ scopes: { organization: 'global' } })
    const app = express()
    app.use(cacheContext({ cache, identity: identityFrom({ organization: claim('org') }) }))
    app.use((request, _response, next) => {
      Object.assign(request, { auth: { org: request.headers['x-test-org'] } })
      next()
    })
    let n = 0
    const mounted: RequestHandler[] = [
      ...before,
      cacheMiddleware({ scope: 'organization', ttl: '1m', ...options }),
      ...after,
    ]
    app.get('/x', ...mounted, (request, response) => handler(response, request as { session?: unknown }, ++n))
    const server = app.listen(0)
    servers.push(server)
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
    return async () => {
      const answer = await fetch(url, { headers: { 'x-test-org': 'acme' } })
      return {
        cookies: answer.headers.getSetCookie(),
        body: await answer.json(),
        status: answer.headers.get('cache-status'),
      }
    }
  }

  it.each(WAYS)('%s is not kept, and each client gets its own', async (_way, setup) => {
    const get = await start(setup)
    const [first, second] = [await get(), await get()]
    expect([first.body, second.body]).toEqual([{ n: 1 }, { n: 2 }])
    expect(first.cookies.length).toBeGreaterThan(0)
    expect(second.cookies.length).toBe(first.cookies.length)
    expect(second.cookies).not.toEqual(first.cookies)
    expect(second.status).not.toContain('hit')
  })

  it('is kept without the cookies that the route drops, while the live client gets them', async () => {
    const get = await start({
      before: [session({ secret: 's', resave: true, rolling: true, saveUninitialized: true, name: 'sid' })],
      options: { setCookie: { drop: ['sid'] } },
      handler: (response, _, n) => void response.json({ n }),
    })
    const [first, second] = [await get(), await get()]
    expect([first.body, second.body]).toEqual([{ n: 1 }, { n: 1 }])
    // What the hit's own session sets is this client's; the first client's cookie is on nobody else's response.
    expect(second.cookies).not.toEqual(first.cookies)
  })
})
