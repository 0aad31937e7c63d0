// What every JavaScript consumer does with the packages, however it got hold of them.
const assert = require('node:assert/strict')
const { createHmac } = require('node:crypto')

/** Scopes, a hit, an invalidation, and what a caller who cannot be placed gets. */
exports.useCore = async ({ createCache, isCacheError }) => {
  const cache = createCache({ scopes: { organization: 'global', user: 'organization' }, ttl: '5m' })
  const ids = { organization: 'org_1', user: 'user_1' }
  let loads = 0
  const settings = () => cache.at('user', ids).getOrSet('settings', async () => ({ load: ++loads }))

  assert.equal((await settings()).load, 1)
  assert.equal((await settings()).load, 1)
  assert.equal(await cache.at('user', { ...ids, user: 'user_2' }).get('settings'), undefined)
  await cache.at('organization', { organization: 'org_1' }).invalidate()
  assert.equal((await settings()).load, 2)
  assert.equal(await cache.run(ids, async () => (await cache.current('user').get('settings')).load), 2)
  assert.throws(
    () => cache.at('user', { user: 'user_1' }),
    (error) => isCacheError(error, 'ERR_CACHE_SCOPE'),
  )
  await cache.close()
}

/** Two processes' worth of caches on one store; and caches that fail open on engines that are not there. */
exports.useStores = async ({ createCache, keyvStore, redisStore, memcachedStore }) => {
  const store = new Map()
  const nodes = [1, 2].map(() => createCache({ ttl: '5m', remote: keyvStore({ store }) }))
  assert.equal(await nodes[0].global.getOrSet('k', () => 'loaded by the first'), 'loaded by the first')
  await nodes[0].settled()
  assert.equal(await nodes[1].global.getOrSet('k', () => 'loaded again'), 'loaded by the first')
  const away = [redisStore({ url: 'redis://127.0.0.1:1' }), memcachedStore({ servers: ['127.0.0.1:1'] })]
  nodes.push(...away.map((remote) => createCache({ remote })))
  for (const cache of nodes.slice(2)) assert.equal(await cache.global.getOrSet('k', () => 'loaded'), 'loaded')
  await Promise.all(nodes.map((cache) => cache.close()))
}

/** An application on a loopback port: a miss, then a hit, then another user's own answer. */
exports.useExpress = async ({ createCache, identityFrom, cacheContext, cacheMiddleware, express }) => {
  const cache = createCache({ scopes: { user: 'global' } })
  const identity = identityFrom({ user: (req) => req.headers['x-user'] })
  let runs = 0
  const app = express()
  app.use(cacheContext({ cache, identity }))
  app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (req, res) => {
    res.json({ user: req.headers['x-user'], run: ++runs })
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${server.address().port}/me`
  try {
    await seeMissThenHit((user) => fetch(url, { headers: { 'x-user': user } }))
  } finally {
    server.close()
    await cache.close()
  }
}

/** The same application in Hono, asked without a socket. */
exports.useHono = async ({ createCache, identityFrom, cacheContext, cacheMiddleware, Hono }) => {
  const cache = createCache({ scopes: { user: 'global' } })
  const identity = identityFrom({ user: (c) => c.req.header('x-user') })
  let runs = 0
  const app = new Hono()
  app.use(cacheContext({ cache, identity }))
  app.get('/me', cacheMiddleware({ scope: 'user', ttl: '1m' }), (c) => {
    return c.json({ user: c.req.header('x-user'), run: ++runs })
  })
  await seeMissThenHit((user) => app.request('/me', { headers: { 'x-user': user } }))
  await cache.close()
}

/** A token verified with jose, which core reaches by a dynamic import: it is ESM only, whoever asks. */
exports.useIdentity = async ({ identityFrom, verifiedJwt, claim, createIdentityRequest }) => {
  const secret = 'a-secret-of-at-least-32-bytes-length'
  const token = verifiedJwt({ algorithms: ['HS256'], secret, issuer: 'consumer' })
  const identity = identityFrom({ user: claim('sub', token) })
  const ask = (jwt) => {
    return identity(createIdentityRequest({ fields: () => [['authorization', `Bearer ${jwt}`]], native: {} }))
  }
  const claims = { iss: 'consumer', sub: 'user_1', exp: Math.floor(Date.now() / 1000) + 60 }
  assert.equal((await ask(signed(claims, secret))).ids.user, 'user_1')
  assert.equal((await ask(signed(claims, 'another-secret-of-at-least-32-bytes'))).status, 'refused')
}

function signed(claims, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

async function seeMissThenHit(ask) {
  const seen = []
  for (const user of ['ann', 'ann', 'bob']) {
    const response = await ask(user)
    const outcome = /;\s*hit/.test(response.headers.get('cache-status')) ? 'hit' : 'miss'
    seen.push(`${outcome} ${await response.text()}`)
  }
  // Text, since Jest's objects have other prototypes than ours.
  assert.equal(
    seen.join('\n'),
    ['miss {"user":"ann","run":1}', 'hit {"user":"ann","run":1}', 'miss {"user":"bob","run":2}'].join('\n'),
  )
}
