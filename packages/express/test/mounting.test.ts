import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createCache, isCacheError } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import express5, { Router, type Express, type NextFunction, type Request, type Response } from 'express'
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'

const servers: { close(): void; closeAllConnections(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const identity = identityFrom({ organization: claim('org') })

function authenticate(request: Request, _response: Response, next: NextFunction): void {
  Object.assign(request, { auth: { org: request.headers['x-test-org'] } })
  next()
}

async function listen(app: Express) {
  const server = app.listen(0)
  servers.push(server)
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return (path: string) => fetch(base + path, { headers: { 'x-test-org': 'acme' } })
}

describe('cacheMiddleware', () => {
  it('keeps routes of a router that is mounted twice apart', async () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    const router = Router().get('/list', cacheMiddleware({ scope: 'organization' }), (request, response) => {
      response.send(request.baseUrl)
    })
    const app = express5()
      .use(cacheContext({ cache, identity }))
      .use(authenticate)
      .use('/t1', router)
      .use('/t2', router)
    const get = await listen(app)
    for (const mount of ['/t1', '/t2', '/t1', '/t2']) expect(await (await get(`${mount}/list`)).text()).toBe(mount)
  })

  it('works with a cache of its own, without cacheContext', async () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    let runs = 0
    const app = express5().use(authenticate)
    app.get('/x', cacheMiddleware({ cache, identity, scope: 'organization' }), async (_request, response) => {
      runs++
      await cache.current('organization').set('seen', true)
      response.json({ seen: await cache.current('organization').get('seen') })
    })
    const get = await listen(app)
    await get('/x')
    expect(await (await get('/x')).json()).toEqual({ seen: true })
    expect(runs).toBe(1)
  })

  it('answers the first request with a configuration error where there is no cache, never silently without one', async () => {
    const app = express5()
    app.get('/x', cacheMiddleware({ scope: 'organization' }), (_request, response) => void response.send('never'))
    let failure: unknown
    app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
      failure = error
      response.status(500).end()
    })
    const get = await listen(app)
    expect((await get('/x')).status).toBe(500)
    expect(isCacheError(failure, 'ERR_CACHE_CONFIG')).toBe(true)
  })

  it('refuses an unknown option where it is constructed', () => {
    expect(() => cacheMiddleware({ scope: 'organization', tll: '1m' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CONFIG' }),
    )
  })

  it('names once, outside production, the middlewares that a hit answers without running', async () => {
    const notes: unknown[] = []
    const logger = {
      debug: () => {},
      info: () => {},
      error: () => {},
      warn: (...said: unknown[]) => void notes.push(said),
    }
    const cache = createCache({ scopes: { organization: 'global' }, logger })
    const app = express5().use(cacheContext({ cache, identity })).use(authenticate)
    function countVisits(_request: Request, _response: Response, next: NextFunction): void {
      next()
    }
    app.get(
      '/x',
      cacheMiddleware({ scope: 'organization' }),
      countVisits,
      (_request, response) => void response.send('x'),
    )
    const get = await listen(app)
    for (let time = 0; time < 4; time++) await get('/x')
    expect(notes).toHaveLength(1)
    expect(JSON.stringify(notes)).toContain('countVisits')
  })

  it('never tells code that runs after an abort that it runs for somebody else', async () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    const app = express5().use(cacheContext({ cache, identity })).use(authenticate)
    const seen: [own: unknown, told: unknown][] = []
    let waiting = 0
    app.get('/slow', cacheMiddleware({ scope: 'organization' }), (request, response) => {
      waiting++
      response.on('close', () => seen.push([request.headers['x-test-org'], cache.identity()]))
    })
    const get = await listen(app)
    const aborts = Array.from({ length: 25 }, () => new AbortController())
    const base = (await get('/nothing')).url
    const asked = aborts.map(({ signal }, at) =>
      fetch(base.replace('nothing', 'slow'), { headers: { 'x-test-org': `org${at}` }, signal }).catch(() => undefined),
    )
    while (waiting < aborts.length) await new Promise((resolve) => setImmediate(resolve))
    for (const abort of aborts) abort.abort()
    await Promise.all(asked)
    while (seen.length < aborts.length) await new Promise((resolve) => setImmediate(resolve))
    for (const [own, told] of seen) expect([{}, { organization: own }]).toContainEqual(told)
    expect(cache.stats().inFlight).toBe(0)
  })

  it('leaves the types of the next handler as they are', () => {
    express5().get('/users/:id', cacheMiddleware({ scope: 'organization' }), (request, response) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: string }>()
      expectTypeOf(request.cache.at).toBeFunction()
      response.end()
    })
  })
})
