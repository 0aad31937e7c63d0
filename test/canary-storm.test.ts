import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../packages/core/src/testing/seeded-random.js'
import type { Adapter, Answer, Ask, RouteSpec } from './adapters/application.js'
import { isHit } from './adapters/client.js'
import { expressAdapters } from './adapters/express-adapter.js'
import { startApplication } from './adapters/fixture.js'
import { honoAdapter } from './adapters/hono-adapter.js'
import { nestAdapter } from './adapters/nest-adapter.js'

const REQUESTS = 20_000
const AT_ONCE = 50
const ORGANIZATIONS = 50
const USERS = 20
const SESSIONS = 3

/** Numbers below a bound that a seed determines. */
function randomFrom(seed: number): (bound: number) => number {
  const random = seededRandom(seed)
  return (bound) => Math.floor(random() * bound)
}

const LEVELS = [
  { path: '/cart', options: { scope: 'session' }, parts: 3 },
  { path: '/me', options: { scope: 'user' }, parts: 2 },
  { path: '/summary', options: { scope: 'organization' }, parts: 1 },
] as const

/** A route that puts who it was run for into body and header, as a canary. */
function canaryRoute({ path, options }: (typeof LEVELS)[number]): RouteSpec {
  let run = 0
  const handler = ({ who, url }: Ask): Answer => ({
    headers: [['x-canary', `${who}`]],
    body: `CNRY ${who} ${url} ${++run}`,
  })
  return { path, options, handler }
}

// T-16: 50 organizations × 20 users × 3 sessions at random levels; a test of isolation that caches nothing proves nothing.
describe.each([...expressAdapters, honoAdapter, nestAdapter])('$name under a storm of tenants', (adapter: Adapter) => {
  it(`gives none of ${REQUESTS} answers to anybody outside its scope, and most from the cache`, async () => {
    const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
    console.info(`canary storm of ${adapter.name}: SEED=${seed}`)
    const random = randomFrom(seed)
    const app = await startApplication(adapter, LEVELS.map(canaryRoute), { memory: { maxEntries: 50_000 } })
    const asked = new Set<string>()
    let [left, leaks, hits, repeats] = [REQUESTS, 0, 0, 0]
    const client = async (): Promise<void> => {
      while (left-- > 0) {
        const level = LEVELS[random(LEVELS.length)] as (typeof LEVELS)[number]
        const who = `org${random(ORGANIZATIONS)}/user${random(USERS)}/s${random(SESSIONS)}`
        const scope = who.split('/').slice(0, level.parts).join('/')
        const url = `${level.path}?i=${random(2)}`
        if (asked.has(scope + url)) repeats++
        const { body, headers, status } = await app.ask(url, { as: who })
        asked.add(scope + url)
        const [, canary = '', canaryUrl] = body.split(' ')
        const own = [canary, String(headers['x-canary'])].every((mark) => `${mark}/`.startsWith(`${scope}/`))
        if (!own || canaryUrl !== url || status !== 200) leaks++
        if (isHit({ headers })) hits++
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, client))
    expect(leaks).toBe(0)
    expect(hits / repeats).toBeGreaterThanOrEqual(0.6)
    expect(app.cache.stats().inFlight).toBe(0)
  }, 120_000)
})
