import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openBilling, organizations, people, Tokens } from 'example-saas'
import { createApp } from '../app.js'
import { Api } from './api.js'
import type { Actor } from './api.js'
import { Checklist, bold, dim, print, time } from 'example-saas/demo'
import { firstRequests } from './first-requests.js'
import { invalidation } from './invalidation.js'
import { isolation } from './isolation.js'
import { serve } from './serve.js'
import type { Stage } from './stage.js'
import { stampede } from './stampede.js'
import { statistics } from './statistics.js'

const startedAt = performance.now()
print(bold('cacheado: one small SaaS on Express and PostgreSQL, eight tenants, one cache'))
print(dim('Starting an embedded PostgreSQL and writing 240,000 invoices …'))
const billing = await openBilling()
const tokens = new Tokens(randomBytes(32).toString('base64url'))
const { app, cache } = createApp(billing, tokens)

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
const api = new Api(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, billing)
print(dim(`Ready after ${time(performance.now() - startedAt)} on ${api.url}`))

const everybody: Actor[] = []
for (const { id } of organizations) {
  everybody.push(...(await Promise.all(people.map((person) => api.login(id, person.id)))))
}
const find = (name: string) => everybody.find((actor) => actor.name === name)!
const stage: Stage = {
  api,
  tokens,
  everybody,
  checklist: new Checklist(),
  actors: {
    anaOfAurora: find('ana@aurora'),
    benOfAurora: find('ben@aurora'),
    anaOfBorealis: find('ana@borealis'),
    benOfBorealis: find('ben@borealis'),
  },
}

for (const scene of [firstRequests, isolation, stampede, invalidation, statistics]) await scene(stage)
if (!stage.checklist.conclude()) process.exitCode = 1
print(dim(`${time(performance.now() - startedAt)} in all.`))

if (process.argv.includes('--serve')) {
  await cache.clear()
  serve(server, stage)
} else {
  server.close()
  server.closeAllConnections()
  await cache.close()
  await billing.close()
}
