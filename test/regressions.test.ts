import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createCache, defineScopes, type ScopedCache } from '@cacheado/core'
import type { ContextOptions, RouteOptions } from '@cacheado/core/http'
import { claim, identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import express5, { type Express, type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, it } from 'vitest'
import { claimsOf } from './adapters/application.js'
import { ask, isHit } from './adapters/client.js'

// Each test here is a hole that an attack on the real adapters found, over real sockets. None of them may come back.

const SCOPES = defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })
const ALICE = 'acme/alice/s1'
const CARL = 'acme/carl/s2'

const running: Server[] = []
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  running.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Authenticated = Request & { auth: Record<string, string> | undefined }

const byClaims = identityFrom({ organization: claim('org'), user: claim('sub') })

interface Application {
  readonly cache: ScopedCache
  readonly app: Express
  /** A cached route at `/x`. */
  route(options: RouteOptions<Request>, handler: (request: Authenticated, response: Response) => void): void
}

/** An application whose authentication stands before the cache. */
function application(identity: ContextOptions['identity'] = byClaims, express = express5): Application {
  const cache = createCache({ scopes: SCOPES })
  const app = express()
  app.use((request: Request, _response: Response, next: NextFunction) => {
    Object.assign(request, { auth: claimsOf(request.headers.authorization) })
    next()
  })
  app.use(cacheContext({ cache, identity }))
  const route: Application['route'] = (options, handler) =>
    void app.get('/x', cacheMiddleware({ ttl: '1m', ...options }), (request, response) =>
      handler(request as Authenticated, response),
    )
  return { cache, app, route }
}

describe('who is known in part', () => {
  it('is not one of those of whom nothing is known, and gets nothing of theirs', async () => {
    const organization = (request: Request) => request.get('x-organization')
    const { app, route } = application(identityFrom({ organization, user: claim('sub') }))
    route(
      { scope: 'user', anonymous: 'global' },
      (request, response) => void response.send(`for ${organization(request)}`),
    )
    const url = `${await listen(app)}/x`
    expect((await ask(url)).body).toBe('for undefined')
    expect((await ask(url, { headers: { 'x-organization': 'acme' } })).body).toBe('for acme')
    expect((await ask(url, { headers: { 'x-organization': 'other' } })).body).toBe('for other')
    expect(isHit(await ask(url))).toBe(true)
  })
})

describe('who changes while the handler runs', () => {
  it('leaves no response under the claims it had before', async () => {
    for (const scope of ['organization', 'global'] as const) {
      const { app, route } = application()
      route({ scope, credentials: 'ignore', varyBy: { claims: ['role'] } }, ({ auth }, response) => {
        if (auth?.['sub'] === 'alice') auth['role'] = 'admin'
        response.send(`for ${auth?.['role']}`)
      })
      const url = `${await listen(app)}/x`
      expect((await ask(url, { as: ALICE })).body).toBe('for admin')
      expect((await ask(url, { as: CARL })).body).toBe('for undefined')
      expect(isHit(await ask(url, { as: CARL }))).toBe(true)
    }
  })

  it('is noticed where the identity takes time and what it is found from changes within', async () => {
    const later = (name: string) => async (request: Request) => (request as Authenticated).auth?.[name]
    const { app, route } = application(identityFrom({ organization: later('org'), user: later('sub') }))
    route({ scope: 'organization' }, ({ auth, query }, response) => {
      // A switch of tenant, as applications do it: the same object, another organization.
      if (auth?.['sub'] === 'alice') auth['org'] = String(query['organization'])
      response.send(`data of ${auth?.['org']}`)
    })
    const url = `${await listen(app)}/x?organization=other`
    expect((await ask(url, { as: ALICE })).body).toBe('data of other')
    expect((await ask(url, { as: CARL })).body).toBe('data of acme')
    expect(isHit(await ask(url, { as: CARL }))).toBe(true)
  })

  it('is not stored as anonymous where nobody can tell any more who asks', async () => {
    let down = false
    const { app, route } = application(() => {
      if (down) throw new Error('the directory is down')
      return { status: 'unresolved' }
    })
    route({ scope: 'user', anonymous: 'global' }, ({ query }, response) => {
      down = query['down'] === 'true'
      response.send('x')
    })
    const url = `${await listen(app)}/x`
    const answers = []
    for (const of of ['false', 'false', 'true', 'true']) {
      answers.push(isHit(await ask(`${url}?down=${of}`)))
      down = false
    }
    expect(answers).toEqual([false, true, false, false])
  })
})

describe('a response that is not whole', () => {
  it('because it was destroyed is not stored, though its handler ends it', async () => {
    const { app, route } = application()
    let runs = 0
    route({ scope: 'global' }, (_, response) => {
      if (++runs > 1) return void response.end('whole')
      response.write('half')
      response.destroy()
      response.end()
    })
    const url = `${await listen(app)}/x`
    await expect(ask(url)).rejects.toThrow()
    expect((await ask(url)).body).toBe('whole')
  })

  it('is none that goes on after its end', async () => {
    const later = (name: string) => async (request: Request) => (request as Authenticated).auth?.[name]
    const { app, route } = application(identityFrom({ organization: later('org'), user: later('sub') }))
    route({ scope: 'user' }, (_, response) => {
      response.on('error', () => {})
      response.end('sent')
      response.write(', and more')
    })
    const url = `${await listen(app)}/x`
    const answers = [await ask(url, { as: ALICE }), await ask(url, { as: ALICE })]
    expect(answers.map((answer) => [answer.body, isHit(answer)])).toEqual([
      ['sent', false],
      ['sent', true],
    ])
  })
})

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('an error that an error middleware of %s answers', (_, express) => {
  it.each([[200], [404], [500]])('with %i is not stored, whatever headers the handler had set', async (status) => {
    const { app, route } = application(byClaims, express)
    let runs = 0
    route({ scope: 'global', statuses: [404] }, (__, response) => {
      response.set('Cache-Control', 'public, max-age=60')
      if (++runs === 1) throw new Error('x')
      response.send('fine')
    })
    app.use(
      (___: Error, ____: Request, response: Response, _____: NextFunction) =>
        void response.status(status).end('failed'),
    )
    const url = `${await listen(app)}/x`
    const answers = [await ask(url), await ask(url), await ask(url)]
    expect(answers.map(({ body }) => body)).toEqual(['failed', 'fine', 'fine'])
    expect(isHit(answers[2] as never)).toBe(true)
  })
})

describe('an option of a route', () => {
  it('that says in other words than true that a request is to be skipped is believed', async () => {
    const skips = [(request: Request) => request.query['preview'], async () => true]
    for (const skip of skips) {
      const { app, route } = application()
      route({ scope: 'global', skip: skip as never }, (_, response) => void response.send('x'))
      const url = `${await listen(app)}/x?preview=1`
      await ask(url)
      expect(isHit(await ask(url))).toBe(false)
    }
  })

  it('about stale copies gives none to a credential that the handler did not permit', async () => {
    const { app, route } = application()
    let fails = false
    route({ scope: 'global', ttl: 1, staleIfError: '1h' }, (_, response) => {
      if (fails) response.status(500)
      response.send(fails ? 'failed' : 'x')
    })
    const url = `${await listen(app)}/x`
    await ask(url)
    fails = true
    expect((await ask(url, { as: ALICE })).body).toBe('failed')
  })
})

describe('a route with a cache of its own', () => {
  it('is alone with it: the next one has the cache and the identity of the application', async () => {
    const { app, cache } = application()
    const own = createCache({ scopes: SCOPES })
    app.get(
      '/x',
      cacheMiddleware({ cache: own, scope: 'global', skip: () => true }),
      cacheMiddleware({ scope: 'user', ttl: '1m' }),
      (_, response) => void response.send('x'),
    )
    const url = `${await listen(app)}/x`
    await ask(url, { as: ALICE })
    expect(isHit(await ask(url, { as: ALICE }))).toBe(true)
    expect([cache.stats().entries, own.stats().entries]).toEqual([1, 0])
  })
})

describe('a Vary', () => {
  it('with names that objects inherit names headers like any other', async () => {
    const { app, route } = application()
    route({ scope: 'global' }, ({ query }, response) => void response.set('Vary', String(query['name'])).send('x'))
    const url = await listen(app)
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const answers = [await ask(`${url}/x?name=${name}`), await ask(`${url}/x?name=${name}`)]
      expect(answers.map((answer) => [answer.status, isHit(answer)])).toEqual([
        [200, false],
        [200, true],
      ])
    }
  })
})
