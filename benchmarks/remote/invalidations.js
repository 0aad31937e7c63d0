import { ask, message, startScript } from '../processes.js'
import { fillKeys } from '../redis/fill.js'
import { commandsOf } from '../redis/server.js'
import { tapWire } from '../redis/wire-tap.js'
import { median } from '../report/figures.js'
import { SAMPLE } from './keyspace.js'

const PROCESS = new URL('invalidator-process.js', import.meta.url)
const SMALL = { tenant: 'small', entries: 10 }

const CONFIGURATIONS = {
  cacheado: "cache.at('organization', { organization }).invalidate(); what it invalidates stays until its time is over",
  bentocache: 'cache.namespace(tenant).clear(), with redisDriver',
  cacheable: 'cache.clear(), with new Keyv(new KeyvRedis(url), { namespace: tenant })',
}

/**
 * Invalidating a tenant of ten entries and one that has all the rest of the keyspace. Libraries that remove the entries get
 * them back before the next turn, untimed.
 */
export async function benchInvalidations(redis, plan) {
  const rows = []
  for (const library of Object.keys(CONFIGURATIONS)) {
    await redis.client.sendCommand(['FLUSHALL'])
    const child = await startLibrary(library, redis.url)
    try {
      rows.push(...(await (library === 'cacheado' ? stamped : removed)(redis, { library, child, ...plan })))
    } finally {
      child.kill()
    }
  }
  await redis.client.sendCommand(['FLUSHALL'])
  return rows
}

/** Nothing is removed, so both tenants are there for all turns. */
async function stamped(redis, { library, child, entries, rounds }) {
  const sizes = [SMALL, { tenant: 'large', entries }]
  for (const size of sizes) await fillTenant(redis, child, size)
  const times = sizes.map(() => [])
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [at, { tenant }] of sizes.entries()) {
      const nanoseconds = await ask(child, 'clear', { tenant })
      if (round >= 0) times[at].push(nanoseconds)
    }
  }
  const rows = []
  for (const [at, size] of sizes.entries()) {
    rows.push({ ...describe(library, size, times[at]), ...(await onWire(redis, library, size)) })
  }
  return rows
}

const WARM_UP = 100

/** Each turn removes the tenant: the small one has the large one around it, which takes longest to fill. */
async function removed(redis, { library, child, entries, removals }) {
  const rows = []
  const large = { tenant: 'large', entries }
  await fillTenant(redis, child, large)
  for (const [size, turns] of [
    [SMALL, removals.small],
    [large, removals.large],
  ]) {
    const times = []
    let commands
    for (let turn = 0; turn < turns; turn++) {
      if (size === SMALL || turn > 0) await fillTenant(redis, child, size)
      const before = await commandsOf(redis.client)
      times.push(await ask(child, 'clear', { tenant: size.tenant }))
      commands = (await commandsOf(redis.client)) - before
    }
    if (size === SMALL) await fillTenant(redis, child, size)
    const wire = size === SMALL ? await onWire(redis, library, size) : { commands }
    rows.push({ ...describe(library, size, times), ...wire })
  }
  return rows
}

function describe(library, { entries }, times) {
  return { library, configuration: CONFIGURATIONS[library], entries, turns: times.length, nanoseconds: median(times) }
}

async function startLibrary(library, url) {
  const child = startScript(PROCESS, [library, url])
  await message(child)
  return child
}

/** One entry by the library itself, the others as it would have named them. */
async function fillTenant(redis, child, { tenant, entries }) {
  await ask(child, 'sample', { tenant })
  const { client } = redis
  const key = (await keysOf(client, tenant)).find((found) => found.includes(SAMPLE))
  const hex = await client.sendCommand(['EVAL', HEX, '1', key])
  const keyOf = (at) => key.replace(SAMPLE, String(at))
  await fillKeys(redis, { keyOf, count: entries - 1, value: Buffer.from(hex, 'hex') })
}

/** Values are bytes, and the client's replies are text. */
const HEX =
  "return (string.gsub(redis.call('GET', KEYS[1]), '.', function(c) return string.format('%02x', string.byte(c)) end))"

async function keysOf(client, tenant) {
  return client.sendCommand(['KEYS', `*${tenant}*${SAMPLE}*`])
}

/** The same once more, by a process whose wire is looked at. */
async function onWire(redis, library, { tenant }) {
  const tap = await tapWire(redis.port)
  const child = await startLibrary(library, tap.url)
  try {
    // Connects, and prepares what has to be prepared once.
    await ask(child, 'clear', { tenant: 'another' })
    const [before, commandsBefore] = [tap.counts(), await commandsOf(redis.client)]
    await ask(child, 'clear', { tenant })
    const [after, commandsAfter] = [tap.counts(), await commandsOf(redis.client)]
    return { roundTrips: after.roundTrips - before.roundTrips, commands: commandsAfter - commandsBefore }
  } finally {
    child.kill()
    tap.close()
  }
}
