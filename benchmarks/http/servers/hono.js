import { createCache } from '@cacheado/core'
import { cacheContext, cacheMiddleware } from '@cacheado/hono'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { identity, scopes } from '../identity.js'
import { CALLER, report } from '../payload.js'

const VARIANTS = {
  bare: () => [],
  'cacheado, global': () => cached('global'),
  'cacheado, user': () => cached('user'),
}

function cached(scope) {
  const cache = createCache({ scopes, ttl: '1h' })
  return [cacheContext({ cache, identity }), cacheMiddleware({ scope })]
}

export function honoServer(variant, { onHandled }) {
  const app = new Hono()
  app.use(async (c, next) => {
    c.set('jwtPayload', CALLER)
    await next()
  })
  app.get('/report', ...VARIANTS[variant](), (c) => {
    onHandled()
    return c.json(report())
  })
  return new Promise((resolve) =>
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port)),
  )
}
