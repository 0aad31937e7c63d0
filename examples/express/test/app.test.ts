import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { billingApiContract } from '../../saas/test/billing-api-contract.js'
import { createApp } from '../src/app.js'

billingApiContract('Express', async (billing, tokens) => {
  const { app, cache } = createApp(billing, tokens)
  const server = createServer(app).listen(0, '127.0.0.1')
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
