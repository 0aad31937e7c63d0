import { message, pinned, startScript } from '../processes.js'
import { atLeast, median, ratios, rotated, spread } from '../report/figures.js'

const FRAMEWORKS = {
  node: ['constant'],
  express: ['bare', 'apicache', 'cacheado, global', 'cacheado, user'],
  nest: ['bare', 'CacheInterceptor', 'cacheado, global', 'cacheado, user'],
  hono: ['bare', 'cacheado, global', 'cacheado, user'],
}
/** Whose handler runs for every request. */
const UNCACHED = new Set(['constant', 'bare'])

/** Servers and the load generator are processes of their own. */
const SERVER = new URL('server-process.js', import.meta.url)
const LOAD = new URL('load-process.js', import.meta.url)

const FULL = { rounds: 15, seconds: 1, warmUp: 3 }
const QUICK = { rounds: 1, seconds: 1, warmUp: 0 }

/** Runs every server in turns, one framework after the other; `onFramework` hears of each as it is done. */
export async function benchHttp({ quick, onFramework }) {
  const plan = quick ? QUICK : FULL
  const frameworks = []
  for (const [name, variants] of Object.entries(FRAMEWORKS)) {
    const framework = { framework: name, variants: await benchFramework(name, variants, plan) }
    onFramework(framework)
    frameworks.push(framework)
  }
  return { ...plan, connections: 50, pinned, bars: httpBars(frameworks), frameworks }
}

async function benchFramework(framework, variants, { rounds, seconds, warmUp }) {
  const servers = []
  try {
    for (const variant of variants) servers.push(await startServer(framework, variant))
    if (warmUp > 0) for (const server of servers) await ask(server, warmUp)
    const measured = servers.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const at of rotated([...servers.keys()], round)) measured[at].push(await ask(servers[at], seconds))
    }
    return summaries(variants, measured)
  } finally {
    for (const { child } of servers) child.kill()
  }
}

async function startServer(framework, variant) {
  const child = startScript(SERVER, [framework, variant], { processor: 0 })
  const { port } = await message(child)
  return { framework, variant, child, url: `http://127.0.0.1:${port}/report` }
}

/** Loads a server for some seconds: answers in a second, and microseconds of its processor for each. */
async function ask(server, seconds) {
  await fetch(server.url)
  const before = await usage(server)
  const { requests, seconds: lasted } = await message(
    startScript(LOAD, [server.url, String(seconds)], { processor: 1 }),
  )
  const after = await usage(server)
  check(server, after.handled - before.handled)
  const used = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
  return { perSecond: requests / lasted, microseconds: used / requests }
}

function usage({ child }) {
  const answer = message(child)
  child.send('usage')
  return answer
}

/** A hit runs no handler: a server that does otherwise is not what it is called. */
function check({ framework, variant }, handled) {
  if (handled > 0 === UNCACHED.has(variant) || framework === 'node') return
  throw new Error(`${framework}, ${variant}: the handler ran ${handled} times`)
}

/** Each against the first, round by round. */
function summaries(variants, measured) {
  const column = (at, name) => measured[at].map((figures) => figures[name])
  return variants.map((variant, at) => ({
    variant,
    perSecond: median(column(at, 'perSecond')),
    microseconds: median(column(at, 'microseconds')),
    times: spread(ratios(column(at, 'perSecond'), column(0, 'perSecond'))),
    // A client that cannot keep up hides what a fast server could do; its processor's time does not.
    timesByProcessor: spread(ratios(column(0, 'microseconds'), column(at, 'microseconds'))),
  }))
}

function httpBars(frameworks) {
  const times = (framework, variant) =>
    frameworks.find((one) => one.framework === framework).variants.find((one) => one.variant === variant).times.median
  return [
    atLeast('Express hit in a user’s scope, × its bare handler', 1.3, times('express', 'cacheado, user')),
    atLeast('Express hit in the global scope, × its bare handler', 1.3, times('express', 'cacheado, global')),
  ]
}
