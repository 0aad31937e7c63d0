// Compiled twice, as ESM and as CommonJS, by the oldest TypeScript that is supported and by the newest.
import assert from 'node:assert/strict'
import { createCache, defineScopes, type ScopedCache } from '@cacheado/core'
import { identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import * as forHono from '@cacheado/hono'
import express from 'express'
import { Hono } from 'hono'

const scopes = defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })

declare global {
  namespace Cacheado {
    interface Register {
      scopes: typeof scopes
    }
  }
}

const cache: ScopedCache = createCache({ scopes, ttl: '5m' })
const identity = identityFrom({ organization: () => 'org_1', user: () => 'user_1' })

async function useScopes(): Promise<void> {
  const ids = { organization: 'org_1', user: 'user_1' }
  const total: number = await cache.at('user', ids).getOrSet('total', () => 40 + 2)
  assert.equal(total, 42)

  // @ts-expect-error a user belongs to an organization
  assert.throws(() => cache.at('user', { user: 'user_1' }))
  // @ts-expect-error a misspelt level
  assert.throws(() => cache.at('usr', ids))
}

async function useExpress(): Promise<void> {
  const app = express()
  app.use(cacheContext({ cache, identity }))
  app.get('/items/:id', cacheMiddleware({ scope: 'user', ttl: '1m' }), (req, res) => {
    const id: string = req.params.id
    res.json({ id })
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  try {
    await seeMissThenHit(() => fetch(`http://127.0.0.1:${address.port}/items/7`))
  } finally {
    server.close()
  }
}

async function useHono(): Promise<void> {
  const app = new Hono()
    .use(forHono.cacheContext({ cache, identity }))
    .get('/items/:id', forHono.cacheMiddleware({ scope: 'user', ttl: '1m' }), (c) => c.json({ id: c.req.param('id') }))
  await seeMissThenHit(async () => app.request('/items/7'))
}

async function seeMissThenHit(ask: () => Promise<Response>): Promise<void> {
  for (const status of [/fwd=/, /; ?hit/]) {
    const response = await ask()
    assert.match(response.headers.get('cache-status') ?? '', status)
    assert.deepEqual(await response.json(), { id: '7' })
  }
}

async function main(): Promise<void> {
  await useScopes()
  await useExpress()
  await useHono()
  await cache.close()
  console.log('used')
}

void main()
