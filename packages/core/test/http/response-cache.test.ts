import { defineScopes } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { ALL, App, MINE, gate, settle, statusOf } from './harness.js'

const ok = (body: string, headers: Record<string, string> = {}, status = 200) => new Response(body, { status, headers })

describe('a cached response', () => {
  it('is replayed with status, fields and bytes, an age and a Cache-Status', async () => {
    const bytes = Uint8Array.from([0, 255, 10, 200])
    const app = new App(
      { ...MINE, statuses: [404] },
      () => new Response(bytes, { status: 404, headers: { 'X-A': 'b', 'Content-Type': 'x/y' } }),
    )
    const first = await app.request('/a', { as: 'o/u' })
    await first.arrayBuffer()
    app.clock.advance(7_500)
    const second = await app.request('/a', { as: 'o/u' })
    expect(second.status).toBe(404)
    expect(new Uint8Array(await second.arrayBuffer())).toEqual(bytes)
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'x-a': 'b',
      'content-type': 'x/y',
      'content-length': '4',
      age: '7',
      'cache-status': 'cacheado; hit; ttl=52',
      date: new Date(app.clock.wall() - 7_500).toUTCString(),
    })
    expect(statusOf(first)).toBe('fwd=uri-miss; stored')
    expect(app.runs).toBe(1)
  })

  it('expires', async () => {
    const app = new App(MINE, () => ok('x'))
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(60_001)
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | fwd=uri-miss; stored | x')
    expect(app.runs).toBe(2)
  })

  it('is one for each scope, host and target, byte for byte', async () => {
    const app = new App(MINE, ({ request }) => ok(request.url))
    const requests: [string, string][] = [
      ['/a', 'o/u'],
      ['/a', 'o/v'],
      ['/a', 'p/u'],
      ['/A', 'o/u'],
      ['/a/', 'o/u'],
      ['/a?', 'o/u'],
      ['/a?x=1', 'o/u'],
      ['/a?x=1&x=2', 'o/u'],
      ['/a?x=2&x=1', 'o/u'],
      ['/%61', 'o/u'],
      ['http://other.example/a', 'o/u'],
      ['http://shop.example:81/a', 'o/u'],
    ]
    for (const [url, as] of requests) expect(await app.get(url, { as })).toMatch(/fwd=uri-miss/)
    expect(app.runs).toBe(requests.length)
    for (const [url, as] of requests) expect(await app.get(url, { as })).toMatch(/hit/)
    expect(app.runs).toBe(requests.length)
  })

  it('is one for each route, though URL and scope are the same', async () => {
    const app = new App(MINE, () => ok('one'))
    const other = app.route(MINE, () => ok('other'))
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/one$/)
    expect(await other.get('/a', { as: 'o/u' })).toMatch(/other$/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit.*one$/)
  })

  it('is shared by an organization, and only by that', async () => {
    const app = new App({ scope: 'organization', ttl: '1m' }, () => ok('x'))
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/v' })).toMatch(/hit/)
    expect(await app.get('/a', { as: 'p/u' })).toMatch(/uri-miss/)
  })

  it('answers HEAD, which never makes one', async () => {
    const app = new App(MINE, () => ok('body'))
    expect(await app.get('/a', { as: 'o/u', method: 'HEAD' })).toMatch(/^200 \| fwd=uri-miss \|/)
    expect(await app.get('/a', { as: 'o/u', method: 'HEAD' })).toMatch(/uri-miss/)
    await app.get('/a', { as: 'o/u' })
    const head = await app.request('/a', { as: 'o/u', method: 'HEAD' })
    expect([statusOf(head), head.headers.get('content-length'), await head.text()]).toEqual(['hit; ttl=60', '4', ''])
  })

  it('is not looked for, nor made, where the request has another method', async () => {
    const app = new App(MINE, () => ok('x'))
    expect(await app.get('/a', { as: 'o/u', method: 'POST' })).toBe('200 | none | x')
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('is not shared with who changes its bytes', async () => {
    const app = new App(MINE, () => ok('abc'))
    await app.get('/a', { as: 'o/u' })
    const bytes = new Uint8Array(await (await app.request('/a', { as: 'o/u' })).arrayBuffer())
    bytes.fill(0)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/abc$/)
  })

  it('is a copy of what the handler wrote', async () => {
    const chunk = new TextEncoder().encode('abc')
    const app = new App(
      MINE,
      () =>
        new Response(
          new ReadableStream({
            start(c) {
              c.enqueue(chunk)
              c.close()
            },
          }),
        ),
    )
    await app.get('/a', { as: 'o/u' })
    chunk.fill(0)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/abc$/)
  })

  it('can have no body at all', async () => {
    const app = new App(
      { ...MINE, statuses: [204] },
      () => new Response(null, { status: 204, headers: { 'X-A': '1' } }),
    )
    await app.get('/a', { as: 'o/u' })
    const hit = await app.request('/a', { as: 'o/u' })
    expect([hit.status, statusOf(hit), hit.headers.get('x-a'), hit.headers.get('content-length')]).toEqual([
      204,
      'hit; ttl=60',
      '1',
      null,
    ])
  })

  it('keeps repeated lines apart', async () => {
    const app = new App({ ...MINE, setCookie: 'store' }, () => {
      const headers = new Headers({ 'X-A': '1' })
      headers.append('Set-Cookie', 'a=1')
      headers.append('Set-Cookie', 'b=2')
      return new Response('x', { headers })
    })
    await app.get('/a', { as: 'o/u' })
    const hit = await app.request('/a', { as: 'o/u' })
    expect([statusOf(hit), hit.headers.getSetCookie()]).toEqual(['hit; ttl=60', ['a=1', 'b=2']])
  })

  it('is kept without what the route drops or omits, which the live answer has', async () => {
    const app = new App({ ...MINE, setCookie: { drop: ['sid'] }, omitHeaders: ['X-Cost'] }, () =>
      ok('x', { 'Set-Cookie': 'sid=1', 'X-Cost': '3', 'X-Kept': '1' }),
    )
    const live = await app.request('/a', { as: 'o/u' })
    expect([live.headers.getSetCookie(), live.headers.get('x-cost')]).toEqual([['sid=1'], '3'])
    await live.text()
    const hit = await app.request('/a', { as: 'o/u' })
    expect([statusOf(hit), hit.headers.getSetCookie(), hit.headers.get('x-cost'), hit.headers.get('x-kept')]).toEqual([
      'hit; ttl=60',
      [],
      null,
      '1',
    ])
  })

  it('tells its own lifetime with the age it came with', async () => {
    const app = new App(MINE, () => ok('x', { 'Cache-Control': 'max-age=100', Age: '40' }))
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(10_000)
    const hit = await app.request('/a', { as: 'o/u' })
    expect([hit.headers.get('age'), statusOf(hit)]).toEqual(['50', 'hit; ttl=50'])
    app.clock.advance(50_001)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('keeps the Date that its handler gave it', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
    const app = new App(MINE, () => ok('x', { Date: date }))
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(3000)
    const hit = await app.request('/a', { as: 'o/u' })
    expect([hit.headers.get('date'), hit.headers.get('age')]).toEqual([date, '3'])
  })

  it('counts the time its body took', async () => {
    const held = gate()
    const app = new App(
      MINE,
      () =>
        new Response(
          new ReadableStream({
            async pull(c) {
              await held.opened
              c.enqueue(new Uint8Array(1))
              c.close()
            },
          }),
        ),
    )
    const first = app.get('/a', { as: 'o/u' })
    await settle()
    app.clock.advance(20_000)
    held.open()
    await first
    const hit = await app.request('/a', { as: 'o/u' })
    expect([hit.headers.get('age'), statusOf(hit)]).toEqual(['20', 'hit; ttl=40'])
  })

  it('is none where it was stale before it was complete', async () => {
    const held = gate()
    const app = new App(
      MINE,
      () =>
        new Response(
          new ReadableStream({
            async pull(c) {
              await held.opened
              c.close()
            },
          }),
        ),
    )
    const first = app.get('/a', { as: 'o/u' })
    await settle()
    app.clock.advance(60_000)
    held.open()
    await first
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })
})

describe('what the handler says', () => {
  it.each([
    ['Cache-Control', 'no-store', 'no-store'],
    ['Cache-Control', 'no-cache', 'no-cache'],
    ['Cache-Control', 'private', 'private'],
    ['Cache-Control', 'max-age=0', 'not-fresh'],
    ['Set-Cookie', 'a=b', 'set-cookie'],
    ['WWW-Authenticate', 'Basic', 'credential-header'],
    ['X-Auth-Token', 'abc', 'credential-header'],
    ['Vary', '*', 'vary'],
    ['Vary', 'Cookie', 'vary'],
    ['Content-Type', 'text/event-stream', 'event-stream'],
    ['Content-Security-Policy', "script-src 'nonce-x'", 'csp-nonce'],
    ['Cache-Control', 'max-age=1 private', 'malformed'],
  ])('%s: %s keeps its response out of the cache', async (name, value, reason) => {
    const app = new App({ scope: 'organization', ttl: '1m' }, () => ok('x', { [name]: value }))
    expect(await app.get('/a', { as: 'o/u' })).toBe(`200 | fwd=uri-miss; detail=${reason} | x`)
    expect(await app.get('/a', { as: 'o/u' })).toBe(`200 | fwd=uri-miss; detail=${reason} | x`)
    expect(app.cache.stats()).toMatchObject({ entries: 0, bypasses: 2, inFlight: 0 })
  })

  it('private is stored at a personal scope', async () => {
    const app = new App(MINE, () => ok('x', { 'Cache-Control': 'private, max-age=60' }), {
      cacheOptions: { scopes: SCOPED_PERSONAL() },
    })
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('no-store is said for it too in fields of other caches', async () => {
    const app = new App(MINE, () => ok('x', { 'Surrogate-Control': 'no-store' }))
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/no-store/)
  })

  it('is all that counts with a ttl of 0', async () => {
    const app = new App({ scope: 'user', ttl: 0 }, ({ request }) =>
      ok('x', request.url.endsWith('said') ? { 'Cache-Control': 'max-age=5' } : {}),
    )
    await app.get('/silent', { as: 'o/u' })
    await app.get('/said', { as: 'o/u' })
    expect(await app.get('/silent', { as: 'o/u' })).toMatch(/not-fresh/)
    expect(await app.get('/said', { as: 'o/u' })).toMatch(/hit; ttl=5/)
  })
})

function SCOPED_PERSONAL() {
  return defineScopes({ organization: 'global', user: 'organization', session: 'user' }, { personal: ['user'] })
}

describe('what a handler decides', () => {
  it('ttl() is the lifetime, whatever the headers tell others', async () => {
    const app = new App(MINE, ({ context }) => {
      context.cache.ttl('10s')
      return ok('x', { 'Cache-Control': 'max-age=3600' })
    })
    const first = await app.request('/a', { as: 'o/u' })
    expect(first.headers.get('cache-control')).toBe('max-age=3600')
    await first.text()
    app.clock.advance(9_000)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit; ttl=1/)
    app.clock.advance(2_000)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('skip() keeps the response out, before and after its head', async () => {
    const held = gate()
    const app = new App(MINE, ({ context, request }) => {
      if (request.url.endsWith('before')) context.cache.skip()
      const body = new ReadableStream({
        async pull(c) {
          await held.opened
          context.cache.skip()
          c.close()
        },
      })
      return new Response(body)
    })
    held.open()
    expect(await app.get('/before', { as: 'o/u' })).toMatch(/detail=skipped/)
    await app.get('/after', { as: 'o/u' })
    expect(await app.get('/after', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('tags() and the tags of the route invalidate in the scope and below', async () => {
    const app = new App({ ...MINE, tags: ({ request }) => [`url:${new URL(request.url).pathname}`] }, ({ context }) => {
      context.cache.tags('invoices', ['more'])
      return ok('x')
    })
    const warm = async () => {
      await app.get('/a', { as: 'o/u' })
      return app.get('/a', { as: 'o/u' })
    }
    for (const tag of ['invoices', 'more', 'url:/a']) {
      expect(await warm()).toMatch(/hit/)
      await app.cache.at('organization', { organization: 'o' }).invalidateTags([tag])
      expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
    }
    expect(await warm()).toMatch(/hit/)
    await app.cache.at('organization', { organization: 'p' }).invalidateTags(['invoices'])
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('more than 16 tags is an error of the handler', async () => {
    const app = new App({ ...MINE, tags: ['one'] }, ({ context }) => {
      context.cache.tags(Array.from({ length: 16 }, (_, at) => `t${at}`))
      return ok('x')
    })
    await expect(app.get('/a', { as: 'o/u' })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
  })
})

describe('a route option', () => {
  it('skip leaves requests to the handler', async () => {
    const app = new App({ ...MINE, skip: ({ request }) => request.url.includes('fresh') }, () => ok('x'))
    await app.get('/a?fresh', { as: 'o/u' })
    expect(await app.get('/a?fresh', { as: 'o/u' })).toBe('200 | fwd=bypass; detail=skip | x')
  })

  it('skip leaves them to the handler for anything truthy, a promise too', async () => {
    for (const answer of [1, 'no', {}, Promise.resolve(false)]) {
      const app = new App({ ...MINE, skip: () => answer as unknown as boolean }, () => ok('x'))
      expect(await app.get('/a', { as: 'o/u' })).toMatch(/detail=skip/)
    }
  })

  it('query.ignore leaves parameters out of the key, by their exact names only', async () => {
    const app = new App({ ...MINE, query: { ignore: ['utm_source', 'b'] } }, () => ok('x'))
    await app.get('/a?x=1&y=2', { as: 'o/u' })
    for (const query of ['x=1&utm_source=q&y=2', 'utm_source&x=1&y=2', 'x=1&y=2&b=1&b=2']) {
      expect(await app.get(`/a?${query}`, { as: 'o/u' })).toMatch(/hit/)
    }
    await app.get('/c', { as: 'o/u' })
    expect(await app.get('/c?utm_source=q&b', { as: 'o/u' })).toMatch(/hit/)
    expect(await app.get('/c?', { as: 'o/u' })).toMatch(/uri-miss/)
    for (const query of [
      'y=2&x=1',
      'x=1&y=2&utm%5Fsource=q',
      'x=1&y=2&UTM_SOURCE=q',
      'x=1&y=2&utm_source=a;x=3',
      'x=1&y=2&b[]=1',
      'x=1&y=2&',
    ]) {
      expect(await app.get(`/a?${query}`, { as: 'o/u' })).toMatch(/uri-miss/)
    }
  })

  it('key stands for the URL', async () => {
    const app = new App(
      { ...MINE, name: 'invoice', key: ({ request }) => ['invoice', new URL(request.url).searchParams.get('id')] },
      () => ok('x'),
    )
    await app.get('/a?id=7', { as: 'o/u' })
    expect(await app.get('/b?id=7&more', { as: 'o/u' })).toMatch(/hit/)
    expect(await app.get('/a?id=8', { as: 'o/u' })).toMatch(/uri-miss/)
    expect(await app.get('/a?id=7', { as: 'o/v' })).toMatch(/uri-miss/)
  })

  it('a function that throws, or gives nonsense, costs the cache and nothing else', async () => {
    const fail = () => {
      throw new Error('mine')
    }
    for (const option of [
      { skip: fail },
      { key: fail, name: 'k1' },
      { key: () => Symbol('x') as never, name: 'k2' },
      { tags: fail },
      { tags: () => [''] },
    ]) {
      const app = new App({ ...MINE, ...option }, () => ok('x'))
      expect(await app.get('/a', { as: 'o/u' })).toBe('200 | fwd=bypass; detail=option-threw | x')
      expect(await app.get('/a', { as: 'o/u' })).toBe('200 | fwd=bypass; detail=option-threw | x')
    }
  })

  it('maxEntries bounds the route alone', async () => {
    const app = new App({ ...MINE, maxEntries: 2 }, () => ok('x'))
    for (const url of ['/1', '/2', '/3']) await app.get(url, { as: 'o/u' })
    expect(app.cache.stats()).toMatchObject({ entries: 2, evictions: 1 })
  })

  it('maxBodyBytes drops what is too large, and lets it through', async () => {
    const app = new App({ ...MINE, maxBodyBytes: 10 }, ({ request }) =>
      ok('x'.repeat(Number(request.url.split('=')[1]))),
    )
    for (const size of [10, 11]) expect(await app.get(`/a?n=${size}`, { as: 'o/u' })).toContain('x'.repeat(size))
    expect(await app.get('/a?n=10', { as: 'o/u' })).toMatch(/hit/)
    expect(await app.get('/a?n=11', { as: 'o/u' })).toMatch(/uri-miss/)
  })
})

describe('a request that the client restricts', () => {
  it('is not answered from the cache, nor stored, with no-store', async () => {
    const app = new App(MINE, () => ok('x'))
    const headers = { 'cache-control': 'no-store' }
    expect(await app.get('/a', { as: 'o/u', headers })).toMatch(/fwd=request; detail=request-no-store/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
    expect(await app.get('/a', { as: 'o/u', headers })).toMatch(/request-no-store/)
  })

  it('gets 504 with only-if-cached where nothing is stored', async () => {
    const app = new App(MINE, () => ok('x'))
    const headers = { 'cache-control': 'only-if-cached' }
    expect(await app.get('/a', { as: 'o/u', headers })).toBe('504 | detail=only-if-cached | ')
    expect(app.runs).toBe(0)
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u', headers })).toMatch(/hit/)
    expect(await app.get('/a', { as: 'o/v', headers })).toMatch(/^504/)
  })

  it('cannot force a new response', async () => {
    const app = new App(MINE, () => ok('x'))
    await app.get('/a', { as: 'o/u' })
    for (const value of ['no-cache', 'max-age=0', 'min-fresh=999']) {
      expect(await app.get('/a', { as: 'o/u', headers: { 'cache-control': value } })).toMatch(/hit/)
    }
  })

  it('goes to the handler with a range or a precondition', async () => {
    const app = new App(MINE, () => ok('x'))
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u', headers: { range: 'bytes=0-0' } })).toMatch(/fwd=request; detail=range/)
    expect(await app.get('/a', { as: 'o/u', headers: { 'if-match': '*' } })).toMatch(/detail=precondition/)
  })
})

describe('a conditional request', () => {
  const TAG = {
    ETag: '"v1"',
    'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    'X-A': '1',
    'Cache-Control': 'max-age=60',
    'Content-Type': 'a/b',
    Expires: 'Sun, 06 Nov 2094 08:49:37 GMT',
    'Content-Location': '/x',
  }

  it('is answered with 304 from the cache, with the fields that belong to it', async () => {
    const app = new App(MINE, () => ok('body', TAG))
    await app.get('/a', { as: 'o/u' })
    const answer = await app.request('/a', { as: 'o/u', headers: { 'if-none-match': 'W/"v1"' } })
    expect([answer.status, await answer.text(), statusOf(answer)]).toEqual([304, '', 'hit; ttl=60'])
    expect([...answer.headers.keys()].sort()).toEqual([
      'age',
      'cache-control',
      'cache-status',
      'content-location',
      'date',
      'etag',
      'expires',
      'vary',
      'x-a',
    ])
    expect(await app.get('/a', { as: 'o/u', headers: { 'if-none-match': '"v2"' } })).toMatch(/^200 .*body$/)
    expect(
      (await app.request('/a', { as: 'o/u', headers: { 'if-modified-since': TAG['Last-Modified'] } })).status,
    ).toBe(304)
    expect((await app.request('/a', { as: 'o/u', method: 'HEAD', headers: { 'if-none-match': '*' } })).status).toBe(304)
  })

  it('fills the cache with a whole response, and still gets its 304', async () => {
    let seen: string | null = 'nothing'
    const app = new App(MINE, ({ request }) => {
      seen = request.headers.get('if-none-match')
      return ok('body', TAG)
    })
    const answer = await app.request('/a', { as: 'o/u', headers: { 'if-none-match': '"v1"' } })
    expect([answer.status, await answer.text(), answer.headers.get('content-type'), seen]).toEqual([
      304,
      '',
      null,
      null,
    ])
    await settle()
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | hit; ttl=60 | body')
  })

  it('is the handler’s own where nothing will be stored', async () => {
    const app = new App(MINE, ({ request }) =>
      request.headers.has('if-none-match') ? new Response(null, { status: 304 }) : ok('x'),
    )
    expect(await app.get('/a', { headers: { 'if-none-match': '"v1"' } })).toBe('304 | fwd=bypass; detail=no-scope | ')
    expect(await app.get('/a', { as: 'o/u', method: 'HEAD', headers: { 'if-none-match': '"v1"' } })).toMatch(/^304/)
  })

  it('gets 200 where the handler that saw it says so', async () => {
    const app = new App(MINE, () => ok('x', { ETag: '"v1"' }))
    expect(await app.get('/a', { headers: { 'if-none-match': '"v1"' } })).toMatch(/^200 .*x$/)
  })

  it('leaves answers alone that are no 200', async () => {
    const app = new App({ ...MINE, statuses: [404] }, () => ok('gone', { ETag: '"v1"' }, 404))
    expect(await app.get('/a', { as: 'o/u', headers: { 'if-none-match': '"v1"' } })).toMatch(/^404 .*gone$/)
    expect(await app.get('/a', { as: 'o/u', headers: { 'if-none-match': '"v1"' } })).toMatch(/^404 \| hit.*gone$/)
  })
})

describe('a stale response', () => {
  it('is served within staleWhileRevalidate while one request renews it', async () => {
    const held = gate()
    let version = 0
    const app = new App({ ...MINE, staleWhileRevalidate: '30s' }, async () => {
      if (++version > 1) await held.opened
      return ok(`v${version}`)
    })
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(65_000)
    const renewing = app.get('/a', { as: 'o/u' })
    await settle()
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | hit; ttl=-5 | v1')
    held.open()
    expect(await renewing).toBe('200 | fwd=stale; stored | v2')
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | hit; ttl=60 | v2')
    expect(app.cache.stats()).toMatchObject({ stale: 1 })
    app.clock.advance(90_001)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('answers in place of a failure within staleIfError', async () => {
    let status = 200
    const app = new App({ ...MINE, staleIfError: '30s' }, () => ok(`s${status}`, { 'X-A': '1' }, status))
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(70_000)
    for (status of [500, 502, 503, 504]) {
      expect(await app.get('/a', { as: 'o/u' })).toBe(`200 | fwd=stale; fwd-status=${status}; ttl=-10 | s200`)
    }
    for (status of [501, 404]) expect(await app.get('/a', { as: 'o/u' })).toMatch(new RegExp(`^${status}`))
    status = 500
    app.clock.advance(20_001)
    expect(await app.get('/a', { as: 'o/u' })).toBe('500 | fwd=uri-miss; detail=status | s500')
  })

  it('answers in place of a failure for as long as that was asked for, though it may be renewed for longer', async () => {
    let status = 200
    const app = new App({ ...MINE, staleIfError: '10s', staleWhileRevalidate: '1h' }, () => ok('x', {}, status))
    await app.get('/a', { as: 'o/u' })
    status = 500
    app.clock.advance(69_000)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^200/)
    app.clock.advance(1_000)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^500/)
  })

  it('answers those who waited for a request that failed', async () => {
    const held = gate()
    let failing = false
    const app = new App({ ...MINE, staleIfError: '30s' }, async () => {
      if (!failing) return ok('good')
      await held.opened
      return ok('bad', {}, 503)
    })
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(70_000)
    failing = true
    const waiting = [1, 2, 3].map(() => app.get('/a', { as: 'o/u' }))
    await settle()
    held.open()
    expect(await Promise.all(waiting)).toEqual([
      '200 | fwd=stale; fwd-status=503; ttl=-10 | good',
      '200 | fwd=stale; ttl=-10; collapsed | good',
      '200 | fwd=stale; ttl=-10; collapsed | good',
    ])
    expect(app.runs).toBe(2)
  })

  it.each([
    ['Cache-Control', 'max-age=60, must-revalidate'],
    ['Cache-Control', 'max-age=60, s-maxage=60'],
    ['Cache-Control', 'max-age=60, proxy-revalidate'],
  ])('is not served with %s: %s', async (name, value) => {
    let status = 200
    const app = new App({ scope: 'organization', ttl: '1m', staleIfError: '1h', staleWhileRevalidate: '1h' }, () =>
      ok('x', { [name]: value }, status),
    )
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(61_000)
    status = 500
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^500/)
  })

  it('is not served after an invalidation, even one while the handler fails', async () => {
    const held = gate()
    let status = 200
    const app = new App({ ...MINE, staleIfError: '1h', tags: ['t'] }, async () => {
      if (status !== 200) await held.opened
      return ok('x', {}, status)
    })
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(61_000)
    status = 500
    const failing = app.get('/a', { as: 'o/u' })
    await settle()
    await app.cache.at('user', { organization: 'o', user: 'u' }).invalidateTags(['t'])
    held.open()
    expect(await failing).toMatch(/^500/)
  })

  it('is not served at all where nobody asked for it', async () => {
    let status = 200
    const app = new App(MINE, () => ok('x', {}, status), {
      cacheOptions: { scopes: SCOPED_PERSONAL(), staleIfError: '1h' },
    })
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(61_000)
    status = 500
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^500/)
  })

  it('is allowed by the cache’s own policy above the personal levels', async () => {
    let status = 200
    const app = new App({ scope: 'organization', ttl: '1m' }, () => ok('x', {}, status), {
      cacheOptions: { staleIfError: '1h' },
    })
    await app.get('/a', { as: 'o/u' })
    app.clock.advance(61_000)
    status = 500
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^200/)
  })
})

describe('an invalidation while the handler runs', () => {
  it.each([
    ['of the scope', (app: App) => app.cache.at('user', { organization: 'o', user: 'u' }).invalidate()],
    ['of a scope above', (app: App) => app.cache.at('organization', { organization: 'o' }).invalidate()],
    ['of everything', (app: App) => app.cache.clear()],
    ['of a tag', (app: App) => app.cache.at('organization', { organization: 'o' }).invalidateTags(['t'])],
  ])('%s keeps its response out of the cache', async (_, invalidate) => {
    const held = gate()
    const app = new App({ ...MINE, tags: ['t'] }, async () => {
      await held.opened
      return ok('old')
    })
    const first = app.get('/a', { as: 'o/u' })
    await settle()
    await invalidate(app)
    held.open()
    expect(await first).toMatch(/old$/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
    expect(app.runs).toBe(2)
  })
})

describe('what goes downstream', () => {
  it('is private below the global scope, and names who asks in Vary, on hits and misses', async () => {
    const app = new App({ scope: 'organization', ttl: '1m' }, ({ request }) =>
      ok(
        'x',
        request.url.endsWith('said') ? { 'Cache-Control': 'public, max-age=60, s-maxage=9', Vary: 'Accept' } : {},
      ),
    )
    for (let round = 0; round < 2; round++) {
      const silent = await app.request('/silent', { as: 'o/u' })
      expect([silent.headers.get('cache-control'), silent.headers.get('vary')]).toEqual([
        'private, no-cache',
        'Authorization, Cookie',
      ])
      await silent.text()
      const said = await app.request('/said', { as: 'o/u' })
      expect([said.headers.get('cache-control'), said.headers.get('vary')]).toEqual([
        'max-age=60',
        'Accept, Authorization, Cookie',
      ])
      await said.text()
    }
  })

  it('is private even where the caller is unknown', async () => {
    const app = new App(MINE, () => ok('x'))
    expect((await app.request('/a')).headers.get('cache-control')).toBe('private, no-cache')
  })

  it('is what the handler said at the global scope', async () => {
    const app = new App(ALL, () => ok('x', { 'Cache-Control': 'public, max-age=5' }))
    for (let round = 0; round < 2; round++) {
      const answer = await app.request('/a')
      expect([answer.headers.get('cache-control'), answer.headers.get('vary')]).toEqual(['public, max-age=5', null])
      await answer.text()
    }
  })

  it('appends to a Cache-Status that is there, and has the name that the application chose', async () => {
    const app = new App(MINE, () => ok('x', { 'Cache-Status': 'origin; hit' }), { name: 'edge cache' })
    expect((await app.request('/a', { as: 'o/u' })).headers.get('cache-status')).toBe(
      'origin; hit, "edge cache"; fwd=uri-miss; stored',
    )
  })
})

describe('the counts', () => {
  it('tell hits, misses, loads and bypasses', async () => {
    const app = new App(MINE, () => ok('x'))
    await app.get('/a', { as: 'o/u' })
    await app.get('/a', { as: 'o/u' })
    await app.get('/a', { as: 'o/u' })
    await app.get('/a')
    expect(app.cache.stats()).toMatchObject({
      hits: 2,
      misses: 1,
      loads: 1,
      bypasses: 1,
      sets: 1,
      entries: 1,
      inFlight: 0,
    })
    expect(app.cache.at('organization', { organization: 'o' }).stats()).toMatchObject({ hits: 2, misses: 1 })
  })

  it('a closed cache leaves everything to the handler', async () => {
    const app = new App(MINE, () => ok('x'))
    await app.cache.close()
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | none | x')
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | none | x')
  })
})
