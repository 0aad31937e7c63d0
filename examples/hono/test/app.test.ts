import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import { billingApiContract } from '../../saas/test/billing-api-contract.js'
import { createApp } from '../src/app.js'

billingApiContract('Hono', async (billing, tokens) => {
  const { app, cache } = createApp(billing, tokens)
  const server = createAdaptorServer({ fetch: app.fetch }).listen(0, '127.0.0.1') as Server
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clearCache: () => cache.clear(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await cache.close()
    },
  }
})
