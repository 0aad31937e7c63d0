import { createCache } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { cacheContext, cacheMiddleware, type CacheVariables, type HonoRouteOptions } from '@cacheado/hono'
import { Hono, type Context } from 'hono'
import { compress } from 'hono/compress'
import { setCookie } from 'hono/cookie'
import { hc } from 'hono/client'
import { jwt, sign } from 'hono/jwt'
import { validator } from 'hono/validator'
import { describe, expect, expectTypeOf, it } from 'vitest'

const identity = identityFrom({ organization: claim('org') })
const ACME = { headers: { 'x-test-org': 'acme' } }

type Environment = { Variables: CacheVariables & { jwtPayload: unknown } }

function application(): Hono<Environment> {
  const cache = createCache({ scopes: { organization: 'global' } })
  const app = new Hono<Environment>()
  app.use(cacheContext({ cache, identity }))
  app.use(async (c, next) => {
    c.set('jwtPayload', { org: c.req.header('x-test-org') })
    await next()
  })
  return app
}

async function numberOf(answer: Response | Promise<Response>): Promise<unknown> {
  return ((await (await answer).json()) as { n: unknown }).n
}

const cached = (options: Partial<HonoRouteOptions> = {}) => cacheMiddleware({ scope: 'organization', ...options })

describe('Hono', () => {
  it('answers app.request() from the cache', async () => {
    let runs = 0
    const app = application().get('/x', cached(), (c) => c.json({ runs: ++runs }))
    const first = await app.request('/x', ACME)
    const hit = await app.request('/x', ACME)
    expect([await first.json(), await hit.json()]).toEqual([{ runs: 1 }, { runs: 1 }])
    expect(hit.headers.get('cache-status')).toMatch(/^cacheado; hit/)
    expect(hit.headers.get('content-type')).toBe(first.headers.get('content-type'))
  })

  it.each<[string, (c: Context, n: number) => Response | Promise<Response>]>([
    ['setCookie in the handler', (c, n) => (setCookie(c, 'sid', String(n)), c.json({ n }))],
    ['a header on the response', (c, n) => c.json({ n }, 200, { 'set-cookie': `sid=${n}` })],
    ['a Response of its own', (_c, n) => Response.json({ n }, { headers: { 'set-cookie': `sid=${n}` } })],
  ])('a response with a cookie from %s is not kept', async (_way, handler) => {
    let runs = 0
    const app = application().get('/x', cached(), (c) => handler(c, ++runs))
    const [first, second] = [await app.request('/x', ACME), await app.request('/x', ACME)]
    expect([first.headers.getSetCookie(), second.headers.getSetCookie()]).toEqual([
      [expect.stringContaining('sid=1')],
      [expect.stringContaining('sid=2')],
    ])
  })

  it('a cookie that a middleware below sets after next() keeps the response out', async () => {
    let runs = 0
    const app = application()
    app.get(
      '/x',
      cached(),
      async (c, next) => {
        await next()
        setCookie(c, 'sid', String(runs))
      },
      (c) => c.json({ n: ++runs }),
    )
    await app.request('/x', ACME)
    expect(await (await app.request('/x', ACME)).json()).toEqual({ n: 2 })
  })

  it('a header that an outer middleware prepared is on a hit, too', async () => {
    const cache = createCache({ scopes: { organization: 'global' } })
    const app = new Hono<Environment>()
    let requests = 0
    app.use(async (c, next) => {
      c.header('x-request', String(++requests))
      await next()
    })
    app.use(cacheContext({ cache, identity: identityFrom({ organization: () => 'acme' }) }))
    app.get('/x', cached(), (c) => c.text('x'))
    await app.request('/x')
    const hit = await app.request('/x')
    expect(hit.headers.get('cache-status')).toContain('hit')
    expect(hit.headers.get('x-request')).toBe('2')
  })

  it('works under compress, and for clients that take no compression', async () => {
    const app = new Hono<Environment>()
    const cache = createCache({ scopes: { organization: 'global' } })
    app.use(compress({ threshold: 0 }))
    app.use(cacheContext({ cache, identity: identityFrom({ organization: () => 'acme' }) }))
    app.get('/x', cached(), (c) => c.text('x'.repeat(5000)))
    for (const encoding of ['gzip', 'identity', 'gzip', 'identity']) {
      const answer = await app.request('/x', { headers: { 'accept-encoding': encoding } })
      const stream = answer.body as ReadableStream<Uint8Array>
      const zipped = answer.headers.get('content-encoding') === 'gzip'
      const plain = zipped ? stream.pipeThrough<Uint8Array>(new DecompressionStream('gzip')) : stream
      expect(await new Response(plain).text()).toBe('x'.repeat(5000))
    }
  })

  it("takes the caller from the claims that Hono's jwt middleware has verified", async () => {
    const secret = 'a secret that is long enough for it'
    const cache = createCache({ scopes: { organization: 'global' } })
    const app = new Hono<Environment>()
    app.use(cacheContext({ cache, identity }))
    app.use(jwt({ secret, alg: 'HS256' }))
    let runs = 0
    app.get('/x', cached(), (c) => c.json({ n: ++runs }))
    const token = async (org: string) => ({ headers: { authorization: `Bearer ${await sign({ org }, secret)}` } })
    const numbers = []
    for (const org of ['acme', 'acme', 'evil', 'evil'])
      numbers.push(await numberOf(app.request('/x', await token(org))))
    expect(numbers).toEqual([1, 1, 2, 2])
    expect((await app.request('/x')).status).toBe(401)
  })

  it('takes a cache that comes with the request', async () => {
    const caches = [
      createCache({ scopes: { organization: 'global' } }),
      createCache({ scopes: { organization: 'global' } }),
    ]
    const app = new Hono<{ Variables: CacheVariables; Bindings: { which: number } }>()
    app.use(
      cacheContext({
        cache: (c) => caches[c.env.which] as never,
        identity: identityFrom({ organization: () => 'acme' }),
      }),
    )
    let runs = 0
    app.get('/x', cached(), (c) => c.json({ n: ++runs }))
    const numbers = []
    for (const which of [0, 1, 0, 1]) numbers.push(await numberOf(app.request('/x', {}, { which })))
    expect(numbers).toEqual([1, 2, 1, 2])
  })

  it('names once, outside production, the middlewares that a hit answers without running', async () => {
    const notes: unknown[] = []
    const logger = {
      debug: () => {},
      info: () => {},
      error: () => {},
      warn: (...said: unknown[]) => void notes.push(said),
    }
    const cache = createCache({ scopes: { organization: 'global' }, logger })
    const app = new Hono<Environment>()
    app.use(cacheContext({ cache, identity: identityFrom({ organization: () => 'acme' }) }))
    async function countVisits(_c: Context, next: () => Promise<void>): Promise<void> {
      await next()
    }
    app.get('/x', cached(), countVisits, (c) => c.text('x'))
    for (let time = 0; time < 4; time++) await (await app.request('/x')).text()
    expect(notes).toHaveLength(1)
    expect(JSON.stringify(notes)).toContain('countVisits')
  })

  it('leaves the types of validators and of the RPC client as they are', () => {
    const app = new Hono().get(
      '/search',
      cached(),
      validator('query', (query) => ({ page: Number(query['page']) })),
      (c) => c.json({ page: c.req.valid('query').page }),
    )
    const client = hc<typeof app>('http://localhost')
    expectTypeOf(client.search.$get).parameter(0).toHaveProperty('query')
    expectTypeOf<Awaited<ReturnType<Awaited<ReturnType<typeof client.search.$get>>['json']>>>().toEqualTypeOf<{
      page: number
    }>()
  })
})
