// What the Hono adapter promises on every runtime: a miss, then a hit, and never another user's answer.
import { createCache } from '@cacheado/core'
import { identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware } from '@cacheado/hono'
import { Hono } from 'hono'

const cache = createCache({ scopes: { user: 'global' }, ttl: '5m' })
const identity = identityFrom({ user: (c) => c.req.header('x-user') })

let runs = 0
const app = new Hono()
app.use(cacheContext({ cache, identity }))
app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (c) =>
  c.json({ user: c.req.header('x-user'), run: ++runs }),
)

/** @returns {Promise<string[]>} what went wrong; empty where all is well */
export async function honoSmoke() {
  const failures = []
  const expect = async (what, user, status, body) => {
    const response = await app.request('/me', { headers: { 'x-user': user } })
    const seen = `${response.headers.get('cache-status')} ${await response.text()}`
    if (!status.test(seen) || !seen.endsWith(body)) failures.push(`${what}: ${seen}`)
  }

  await expect('the first request is a miss', 'ann', /fwd=/, '{"user":"ann","run":1}')
  await expect('the second is a hit', 'ann', /hit/, '{"user":"ann","run":1}')
  await expect('another user gets an answer of his own', 'bob', /fwd=/, '{"user":"bob","run":2}')
  await cache.close()
  return failures
}
