// One process of an application: it keeps entries, invalidates them, hears of invalidations, and loads.
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { createCache } from '@cacheado/core'
import { defineStore } from '@cacheado/core/store'
import { createRedisStore } from '@cacheado/redis'
import { createClient } from '@redis/client'
import { offer } from '../processes.js'
import { TTL } from './keyspace.js'
import { listening } from './listening.js'

const [url] = process.argv.slice(2)
/** How long a load takes, in milliseconds. */
const LOAD = 50

const store = createRedisStore({ url })
let watched
let heard = []
listenToo(store.bus, (message) => {
  heard.push(message)
  if (watched === undefined || watched.scope.sync.has(watched.key)) return
  watched.dropped(String(process.hrtime.bigint()))
  watched = undefined
})
const cache = createCache({
  scopes: { organization: 'global' },
  ttl: TTL,
  remote: defineStore(store, { readTimeout: '5s', writeTimeout: '5s' }),
})
await listening(cache)
let dropped

/** What it costs without a cache: the client alone sets a key and publishes. */
const RAW = 'bench:raw'
const client = createClient({ url })
const subscriber = client.duplicate()
await Promise.all([client.connect(), subscriber.connect()])
let arrive
await subscriber.subscribe(RAW, () => arrive?.(String(process.hrtime.bigint())), true)
let arrived

offer({
  expect: () => void (arrived = new Promise((resolve) => (arrive = resolve))),
  arrived: () => arrived,
  publish,
  keep,
  dropped: () => dropped,
  invalidate,
  heard: handleAll,
  forget: () => void (heard = []),
  scopeMessages: () => heard.filter((message) => kindOf(message) === 'scope').length,
  stampede,
})
process.send('ready')

/** Calls the listener after each message, when the cache has done what that message asks for. */
function listenToo(bus, after) {
  const listen = bus.listen.bind(bus)
  bus.listen = (listener) =>
    listen({
      message(message) {
        listener.message(message)
        after(message)
      },
      up: () => listener.up(),
      down: () => listener.down(),
    })
}

/** Messages are JSON: format, sender, number, kind, and what that kind needs. */
function kindOf(message) {
  return JSON.parse(new TextDecoder().decode(message))[3]
}

/** Has the entries in memory and is done with writing them; from now on waits for the first to be dropped. */
async function keep({ organization, entries }) {
  const scope = cache.at('organization', { organization })
  const keys = Array.from({ length: entries }, (_, at) => `invoice:${at}`)
  await Promise.all(keys.map((key) => scope.getOrSet(key, () => ({ id: key }))))
  await cache.settled()
  if (!scope.sync.has(keys[0])) throw new Error('what was loaded is not in memory')
  dropped = new Promise((resolve) => (watched = { scope, key: keys[0], dropped: resolve }))
}

/** What others wrote has been heard: nothing is under way when the clock starts. */
async function handleAll() {
  await turn()
  await turn()
}

/** When the two commands were given to the client; answers when both are done. */
async function publish() {
  const began = String(process.hrtime.bigint())
  await Promise.all([
    client.sendCommand(['SET', RAW, 'stamp', 'PX', '600000']),
    client.sendCommand(['PUBLISH', RAW, 'changed']),
  ])
  return began
}

/** When the call was made; answers when it has resolved. */
async function invalidate({ organization }) {
  const began = String(process.hrtime.bigint())
  const { applied } = await cache.at('organization', { organization }).invalidate()
  if (!applied) throw new Error('the invalidation is queued')
  return began
}

/** That many callers at once for one key that nobody has: how many loads, and when the last caller had its value. */
async function stampede({ organization, callers, lease }) {
  const scope = cache.at('organization', { organization })
  let loads = 0
  const load = async () => {
    loads++
    await pause(LOAD)
    return { id: organization }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: callers }, () => scope.getOrSet('report', load, { lease })))
  return { loads, milliseconds: performance.now() - began }
}
