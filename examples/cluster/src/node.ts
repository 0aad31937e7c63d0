// One process of the API, started by `Cluster`.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Tokens } from 'example-saas'
import { createApp } from './app.js'
import { billingOfParent } from './billing-channel.js'

const { REDIS_URL: url = '', CACHE_PREFIX: prefix = '', JWT_SECRET: secret = '', PORT: port = '0' } = process.env
const { app, cache } = createApp(billingOfParent(), new Tokens(secret), { url, prefix })

// Resolves when Redis answered, or after a second: a Redis that is down keeps nobody from starting.
await cache.ready()
const server = createServer(app).listen(Number(port), '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })

const close = async () => {
  server.close()
  server.closeAllConnections()
  // Sends invalidations that still wait for Redis; gives up after a second.
  await cache.close()
  process.exit()
}
process.once('SIGTERM', () => void close())
process.once('disconnect', () => void close())
// Ctrl+C in a terminal reaches all processes: the one that started this one ends it.
process.on('SIGINT', () => {})
