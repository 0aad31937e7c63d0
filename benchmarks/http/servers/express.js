import { createCache } from '@cacheado/core'
import { cacheContext, cacheMiddleware } from '@cacheado/express'
import apicache from 'apicache'
import express from 'express'
import { identity, scopes } from '../identity.js'
import { CALLER, report } from '../payload.js'

const VARIANTS = {
  bare: () => [],
  apicache: () => [apicache.middleware('1 hour')],
  'cacheado, global': () => cached('global'),
  'cacheado, user': () => cached('user'),
}

function cached(scope) {
  const cache = createCache({ scopes, ttl: '1h' })
  return [cacheContext({ cache, identity }), cacheMiddleware({ scope })]
}

export function expressServer(variant, { onHandled }) {
  const app = express()
  app.use((req, _, next) => {
    req.user = CALLER
    next()
  })
  app.get('/report', ...VARIANTS[variant](), (_, res) => {
    onHandled()
    res.json(report())
  })
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}
