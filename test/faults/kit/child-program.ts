// A process of an application, for tests that freeze, kill and end it: it does what it is told, over IPC.
import { createCache } from '@cacheado/core'
import { redisStore } from '@cacheado/redis'
import { setTimeout as pause } from 'node:timers/promises'
import type { Order, Report } from './child.js'

const [url, lease] = process.argv.slice(2) as [string, string]
let lost = 0
const cache = createCache({
  scopes: { organization: 'global' },
  remote: redisStore({ url }),
  ttl: '1h',
  lease: Number(lease),
  logger: {
    debug() {},
    info() {},
    error() {},
    warn: (_message, fields) => void (lost += Number(fields?.['lost'] ?? 0)),
  },
})
let loads = 0

const tenantOf = (organization: string) => cache.at('organization', { organization })

async function load(version: number, work: number): Promise<number> {
  loads++
  await pause(work)
  return version
}

const perform: { [K in Order['does']]: (order: Extract<Order, { does: K }>) => Promise<unknown> } = {
  ready: () => cache.ready(),
  read: ({ tenant, key, version, work = 0 }) => tenantOf(tenant).getOrSet(key, () => load(version, work)),
  stampede: ({ callers, keys, work }) => {
    const read = (at: number) => tenantOf('crowd').getOrSet(`key${at % keys}`, () => load(at % keys, work))
    return Promise.all(Array.from({ length: callers * keys }, (_, at) => read(at)))
  },
  invalidate: async ({ tenants }) => {
    const results = await Promise.all(tenants.map((tenant) => tenantOf(tenant).invalidate()))
    return results.filter(({ applied }) => applied).length
  },
  // Not waited for: they are under way when the next order comes.
  write: async ({ count }) => {
    for (let at = 0; at < count; at++) void tenantOf('writer').set(`key${at}`, at)
  },
  count: () => Promise.resolve({ loads, lost, ...cache.stats().remote, ...cache.health().remote }),
  end: async () => {
    process.off('message', obey)
    await cache.close()
  },
}

function report(told: Report): void {
  if (process.connected) process.send?.(told)
}

function obey(order: Order): void {
  const performed = (perform[order.does] as (order: Order) => Promise<unknown>)(order)
  performed.then(
    (result) => report({ id: order.id, result }),
    (error: Error) => report({ id: order.id, failure: error.stack ?? error.message }),
  )
}

// As an application does: no more work, then what waits, then nothing holds the process.
process.once('SIGTERM', () => {
  process.off('message', obey)
  void cache.close().then(() => {
    const { dropped = 0 } = cache.stats().remote ?? {}
    report({ id: -1, result: { lost, dropped } })
    process.disconnect()
  })
})
process.on('message', obey)
report({ id: 0, result: undefined })
