import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync, gunzipSync } from 'node:zlib'
import type { ServerResponse } from 'node:http'
import { manualClock } from '@cacheado/core/testing'
import session from 'express-session'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NodeApp, type Middleware } from './node-app.js'

/** Middleware that changes the head at the last moment, as on-headers does. */
const atTheHead =
  (change: (response: ServerResponse) => void): Middleware =>
  (_request, response, next) => {
    const { writeHead } = response
    Object.assign(response, {
      writeHead: (...given: unknown[]) => {
        change(response)
        return writeHead.apply(response, given as never)
      },
    })
    return next()
  }

/** Compression as the middleware of that name does it: `write` and `end` are wrapped, the head is changed at the last moment. */
const compression: Middleware = (_request, response, next) => {
  const { write, end } = response
  const chunks: Buffer[] = []
  const take = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array)
      chunks.push(Buffer.from(chunk as string, encoding as BufferEncoding))
  }
  Object.assign(response, {
    write: (chunk: unknown, encoding: unknown) => {
      take(chunk, encoding)
      return true
    },
    end: (chunk: unknown, encoding: unknown) => {
      take(chunk, encoding)
      response.setHeader('Content-Encoding', 'gzip')
      response.setHeader('Vary', [response.getHeader('Vary'), 'Accept-Encoding'].filter(Boolean).join(', '))
      response.removeHeader('Content-Length')
      write.call(response, gzipSync(Buffer.concat(chunks)), 'utf8')
      return end.call(response, undefined, 'utf8')
    },
  })
  return next()
}

describe('a response of Node’s', () => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    ['end alone', (response) => response.end('hello wörld')],
    ['end with an encoding', (response) => response.end('aGVsbG8gd8O2cmxk', 'base64')],
    ['end with a callback', (response) => response.end('hello wörld', () => {})],
    ['end with both', (response) => response.end('hello wörld', 'utf8', () => {})],
    ['end with bytes', (response) => response.end(new TextEncoder().encode('hello wörld'))],
    ['write and end', (response) => (response.write('hello '), response.end('wörld'))],
    [
      'write with an encoding and a callback',
      (response) => response.write('aGVsbG8g', 'base64', () => response.end('wörld')),
    ],
    ['end with a callback alone', (response) => (response.write('hello wörld'), response.end(() => {}))],
    ['flushHeaders', (response) => (response.flushHeaders(), response.end('hello wörld'))],
    ['writeHead with an object', (response) => response.writeHead(200, { 'X-A': '1' }).end('hello wörld')],
    ['writeHead with a reason', (response) => response.writeHead(200, 'Fine', { 'X-A': '1' }).end('hello wörld')],
    [
      'writeHead with a flat list',
      (response) => response.writeHead(200, ['X-A', '1', 'X-B', '2', 'X-B', '3']).end('hello wörld'),
    ],
    [
      'writeHead with pairs',
      (response) =>
        response
          .writeHead(200, [
            ['X-A', '1'],
            ['X-B', '2'],
            ['X-B', '3'],
          ] as never)
          .end('hello wörld'),
    ],
    [
      'writeHead with something undefined',
      (response) => response.writeHead(200, { 'X-A': undefined, 'X-B': '2' }).end('hello wörld'),
    ],
    ['a pipe', (response) => Readable.from(['hello ', 'wörld']).pipe(response)],
    ['a declared length', (response) => (response.setHeader('Content-Length', 12), response.end('hello wörld'))],
    [
      'early hints before it',
      (response) => (response.writeEarlyHints({ link: '</a>; rel=preload' }), response.end('hello wörld')),
    ],
    ['102 before it', (response) => (response.writeProcessing(), response.end('hello wörld'))],
  ])('written by %s is replayed byte for byte', async (_, write) => {
    const app = new NodeApp((__, response) => write(response))
    const live = await app.get('/a')
    const hit = await app.get('/a')
    expect([live.cache, hit.cache]).toEqual(['fwd=uri-miss; stored', expect.stringMatching(/^hit/)])
    expect([live.text, hit.text]).toEqual(['hello wörld', 'hello wörld'])
    expect(hit.headers['content-length']).toBe('12')
    expect([hit.headers['x-a'], hit.headers['x-b']]).toEqual([live.headers['x-a'], live.headers['x-b']])
    expect(app.runs).toBe(1)
  })

  it('passes through as it would without a cache', async () => {
    const order: string[] = []
    const app = new NodeApp((_, response) => {
      response.on('finish', () => order.push('finish'))
      response.writeHead(201, 'Made', { 'X-A': '1' })
      response.write('a', () => order.push('written'))
      response.end('b', () => order.push('ended'))
    })
    const { port } = await app.listen()
    const raw = await talk(port, 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(raw).toMatch(/^HTTP\/1.1 201 Made\r\nX-A: 1\r\n/)
    // Lines of Node differ in which of the last two they tell first.
    expect(order[0]).toBe('written')
    expect(order.slice(1).toSorted()).toEqual(['ended', 'finish'])
  })

  it('keeps header names as they were written, and sets what it was given with its last word', async () => {
    const app = new NodeApp((_, response) => {
      response.setHeader('X-Overridden', 'before')
      response.writeHead(200, { 'x-oVerRidden': 'after', 'X-MiXed': 'kept' })
      response.end('x')
    })
    for (const answer of [await app.get('/a'), await app.get('/a')]) {
      expect(answer.headers['x-overridden']).toBe('after')
      expect(answer.rawHeaders).toContain('X-MiXed')
    }
  })

  it('replays each line of a repeated field', async () => {
    const app = new NodeApp((_, response) => response.writeHead(200, { Link: ['<a>', '<b>'] }).end('x'))
    await app.get('/a')
    const { rawHeaders } = await app.get('/a')
    expect(rawHeaders.filter((_, at) => rawHeaders[at - 1] === 'Link')).toEqual(['<a>', '<b>'])
  })

  it('is not recorded where it is a switch of protocols', async () => {
    const app = new NodeApp((_, response) => response.writeHead(101, { Connection: 'Upgrade', Upgrade: 'x' }).end())
    const { port } = await app.listen()
    for (let round = 0; round < 2; round++) {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /a HTTP/1.1\r\nHost: h\r\n\r\n'))
      const head = await new Promise((resolve) => socket.once('data', resolve))
      expect(String(head)).toMatch(/^HTTP\/1.1 101/)
      socket.destroy()
    }
    await expect.poll(() => app.cache.stats().inFlight).toBe(0)
    expect(app.runs).toBe(2)
  })

  it('is not recorded where somebody writes past the cache', async () => {
    const app = new NodeApp((_, response) => {
      const { writeHead } = Object.getPrototypeOf(response) as ServerResponse
      writeHead.call(response, 200, { 'X-Foreign': '1' })
      response.end('x')
    })
    expect((await app.get('/a')).text).toBe('x')
    expect((await app.get('/a')).cache).toBe('none')
    expect(app.runs).toBe(2)
  })
})

describe('a cookie that is set at the last moment', () => {
  it('by a session keeps the response out of the store, and reaches its own client', async () => {
    const sessions = session({
      secret: 's',
      resave: false,
      saveUninitialized: true,
      rolling: true,
    }) as unknown as Middleware
    const app = new NodeApp((_, response) => response.end('x'), { before: [sessions] })
    const cookies = new Set<string>()
    for (let round = 0; round < 3; round++) {
      const answer = await app.get('/a')
      cookies.add(String(answer.headers['set-cookie']))
      expect(answer.text).toBe('x')
    }
    expect(cookies.size).toBe(3)
    expect(app.runs).toBe(3)
    expect(app.cache.stats().entries).toBe(0)
  })

  it.each<[string, Middleware]>([
    ['a cookie', atTheHead((response) => response.setHeader('Set-Cookie', 'a=b'))],
    ['a token', atTheHead((response) => response.setHeader('X-CSRF-Token', 'a'))],
    ['no-store', atTheHead((response) => response.setHeader('Cache-Control', 'no-store'))],
    [
      'private',
      atTheHead((response) =>
        response.setHeader('Cache-Control', `${String(response.getHeader('Cache-Control'))}, private="x", private`),
      ),
    ],
    ['Vary: *', atTheHead((response) => response.setHeader('Vary', '*'))],
  ])('%s does so, inside and outside of the cache', async (_, middleware) => {
    for (const options of [{ before: [middleware] }, { after: [middleware] }]) {
      const app = new NodeApp((__, response) => response.end('x'), { ...options, route: { scope: 'global' } })
      await app.get('/a')
      await app.get('/a')
      expect(app.runs).toBe(2)
    }
  })

  it.each<[string, Middleware]>([
    ['a header of its own', atTheHead((response) => response.setHeader('X-Powered-By', 'me'))],
    [
      'more of the directives that are there',
      atTheHead((response) =>
        response.setHeader('Cache-Control', `${String(response.getHeader('Cache-Control'))}, no-transform`),
      ),
    ],
    [
      'Accept-Encoding in Vary',
      atTheHead((response) => response.setHeader('Vary', `${String(response.getHeader('Vary'))}, Accept-Encoding`)),
    ],
  ])('%s, outside of the cache, does no harm', async (_, middleware) => {
    const app = new NodeApp((__, response) => response.end('x'), { before: [middleware] })
    await app.get('/a')
    expect((await app.get('/a')).cache).toMatch(/^hit/)
  })

  it('where somebody changes the status at the last moment, nothing is stored', async () => {
    const broken: Middleware = (_request, response, next) => {
      const { writeHead } = response
      Object.assign(response, { writeHead: () => writeHead.call(response, 500) })
      return next()
    }
    const app = new NodeApp((_, response) => response.end('x'), { before: [broken] })
    expect([(await app.get('/a')).status, (await app.get('/a')).status, app.runs]).toEqual([500, 500, 2])
  })

  it('that the route drops is dropped, other ones are not', async () => {
    const cookie = (name: string) =>
      new NodeApp((_, response) => response.end('x'), {
        after: [atTheHead((response) => response.setHeader('Set-Cookie', `${name}=1`))],
        route: { setCookie: { drop: ['sid'] } },
      })
    const dropped = cookie('sid')
    expect((await dropped.get('/a')).headers['set-cookie']).toEqual(['sid=1'])
    expect([(await dropped.get('/a')).cache, (await dropped.get('/a')).headers['set-cookie']]).toEqual([
      expect.stringMatching(/^hit/),
      undefined,
    ])
    const other = cookie('other')
    await other.get('/a')
    expect((await other.get('/a')).cache).not.toMatch(/^hit/)
  })
})

describe('compression', () => {
  it('inside of the cache is stored compressed', async () => {
    const app = new NodeApp((_, response) => response.end('hello'), { after: [compression] })
    for (let round = 0; round < 2; round++) {
      const answer = await app.get('/a', { 'accept-encoding': 'gzip' })
      expect([answer.headers['content-encoding'], gunzipSync(answer.body).toString()]).toEqual(['gzip', 'hello'])
    }
    expect(app.runs).toBe(1)
    await app.get('/a')
    expect(app.runs).toBe(2)
  })

  it('outside of the cache compresses what is replayed', async () => {
    const app = new NodeApp((_, response) => response.end('hello'), { before: [compression] })
    for (let round = 0; round < 2; round++) {
      const answer = await app.get('/a')
      expect([answer.headers['content-encoding'], gunzipSync(answer.body).toString()]).toEqual(['gzip', 'hello'])
    }
    expect(app.runs).toBe(1)
  })
})

describe('a response that is not complete', () => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    ['is destroyed before its head', (response) => response.destroy()],
    ['is destroyed after its head', (response) => (response.flushHeaders(), setImmediate(() => response.destroy()))],
    ['is destroyed in its body', (response) => response.write('half', () => response.destroy())],
    [
      'is shorter than it said',
      (response) => (response.setHeader('Content-Length', 100), response.write('x', () => response.destroy())),
    ],
    [
      'comes from a stream that fails',
      (response) =>
        new PassThrough()
          .on('error', () => response.destroy())
          .pipe(response)
          .emit('error', new Error('x')),
    ],
  ])('and %s is not stored', async (_, write) => {
    const app = new NodeApp((__, response) => (app.runs === 1 ? write(response) : response.end('whole')))
    await app.get('/a').catch(() => {})
    await expect.poll(() => app.cache.stats().inFlight).toBe(0)
    expect((await app.get('/a')).text).toBe('whole')
    expect(app.runs).toBe(2)
  })

  it('because it says another length than it has is not stored', async () => {
    const app = new NodeApp((_, response) => {
      response.setHeader('Content-Length', '5')
      response.end('more than five')
    })
    const { port } = await app.listen()
    await talk(port, 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    await talk(port, 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(app.runs).toBe(2)
  })

  it('because its client went away is not stored, and who waited gets another one', async () => {
    let finish: (() => void) | undefined
    const app = new NodeApp((_, response) => {
      finish = () => response.end()
      return app.runs > 1 ? response.end('second') : response.write('first')
    })
    const { port } = await app.listen()
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    const waiting = app.get('/a')
    await delay(20)
    expect(app.runs).toBe(1)
    socket.destroy()
    expect((await waiting).text).toBe('second')
    finish?.()
    expect([(await app.get('/a')).text, app.runs]).toEqual(['second', 2])
  })

  it('because the handler throws is not stored; the error reaches the framework unchanged', async () => {
    const app = new NodeApp(() => {
      throw new Error(`mine ${app.runs}`)
    })
    expect((await app.get('/a')).text).toBe('mine 1')
    expect((await app.get('/a')).text).toBe('mine 2')
  })
})

describe('a slow client', () => {
  it('holds up neither those who wait nor the store, and back-pressure reaches the handler', async () => {
    const big = Buffer.alloc(900_000, 'x')
    let blocked = false
    const app = new NodeApp((_, response) => {
      blocked = !response.write(big)
      response.end('end')
    })
    const { port } = await app.listen()
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.pause()
    socket.write(`GET /a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await expect.poll(() => app.cache.stats().entries).toBe(1)
    expect(blocked).toBe(true)
    expect((await app.get('/a')).body.byteLength).toBe(big.byteLength + 3)
    expect(app.runs).toBe(1)
  })
})

describe('a conditional request', () => {
  it('fills the cache with a whole response and gets 304, whatever the handler writes', async () => {
    const writers: ((response: ServerResponse) => unknown)[] = [
      (response) => response.end('body'),
      (response) => (response.write('bo'), response.end('dy', () => {})),
      (response) => response.writeHead(200, 'OK', { 'X-A': '1' }).end('body'),
      (response) => response.write('bo', () => response.end('dy')),
    ]
    for (const write of writers) {
      const seen: unknown[] = []
      const app = new NodeApp((request, response) => {
        seen.push(request.headers['if-none-match'])
        response.setHeader('ETag', '"1"')
        response.setHeader('Content-Type', 'text/plain')
        return write(response)
      })
      const live = await app.get('/a', { 'if-none-match': '"1"' })
      expect([
        live.status,
        live.text,
        live.headers['content-type'],
        live.headers['content-length'],
        live.headers.etag,
        seen,
      ]).toEqual([304, '', undefined, undefined, '"1"', [undefined]])
      const hit = await app.get('/a')
      expect([hit.status, hit.text, hit.cache]).toEqual([200, 'body', expect.stringMatching(/^hit/)])
      expect((await app.get('/a', { 'if-none-match': '"1"' })).status).toBe(304)
    }
  })

  it('is shown as it came once the head is written, and to who logs afterwards', async () => {
    const seen: unknown[] = []
    const app = new NodeApp((request, response) => {
      response.end('x')
      seen.push(request.headers['if-none-match'])
    })
    await app.get('/a', { 'if-none-match': '"1"' })
    expect(seen).toEqual(['"1"'])
  })
})

describe('a stale response', () => {
  it('replaces a failure, head and body, and nothing of the failure is sent', async () => {
    const failures: ((response: ServerResponse) => unknown)[] = [
      (response) => response.end('bad'),
      (response) => response.writeHead(503, 'Broken', { 'X-Bad': '1' }).end('bad'),
      (response) => (response.write('ba'), response.end('d', () => {})),
      (response) => Readable.from(['b', 'a', 'd']).pipe(response),
      () => {
        throw new Error('thrown')
      },
    ]
    for (const fail of failures) {
      const clock = manualClock()
      const app = new NodeApp(
        (_, response) => {
          if (app.runs === 1) return response.setHeader('X-Good', '1').end('good')
          response.statusCode = 500
          response.setHeader('X-Bad', '1')
          return fail(response)
        },
        { route: { staleIfError: '1h' }, cache: { clock } },
      )
      await app.get('/a')
      clock.advance('2m')
      const answer = await app.get('/a')
      expect([answer.status, answer.text, answer.headers['x-good'], answer.headers['x-bad']]).toEqual([
        200,
        'good',
        '1',
        undefined,
      ])
      expect(answer.cache).toMatch(/^fwd=stale; fwd-status=50[03]; ttl=-\d+$/)
      expect(app.cache.stats().inFlight).toBe(0)
    }
  })

  it('has its own reason phrase', async () => {
    const clock = manualClock()
    const app = new NodeApp(
      (_, response) => (app.runs === 1 ? response.end('good') : response.writeHead(503, 'Broken').end('bad')),
      { route: { staleIfError: '1h' }, cache: { clock } },
    )
    const { port } = await app.listen()
    const ask = () => talk(port, 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    expect(await ask()).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    clock.advance('2m')
    expect(await ask()).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    expect(app.runs).toBe(2)
  })
})

describe('a HEAD request', () => {
  it('gets the length of the stored body', async () => {
    const app = new NodeApp((_, response) => (response.write('ab'), response.end('c')))
    await app.get('/a')
    const head = await app.get('/a', {}, 'HEAD')
    expect([head.status, head.headers['content-length'], head.text, head.cache]).toEqual([
      200,
      '3',
      '',
      expect.stringMatching(/^hit/),
    ])
  })
})

describe('requests on one connection', () => {
  it('get the answers that are theirs, pipelined and of two users', async () => {
    const app = new NodeApp((request, response) => response.end(`for ${String(request.headers['x-user'])};`))
    const { port } = await app.listen()
    const one = (user: string, last = false) =>
      `GET /a HTTP/1.1\r\nHost: h\r\nX-User: ${user}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
    const raw = await talk(port, one('a') + one('b') + one('a') + one('b', true))
    expect([...raw.matchAll(/for .;/g)].map(([body]) => body)).toEqual(['for a;', 'for b;', 'for a;', 'for b;'])
    expect(app.runs).toBe(2)
  })
})

describe('a write', () => {
  it('is forgotten before its client has the answer', async () => {
    const app = new NodeApp((request, response) =>
      response.writeHead(request.method === 'GET' ? 200 : 303, 'Sure', { Location: '/b' }).end('x'),
    )
    for (const path of ['/a', '/b']) await app.get(path)
    for (const path of ['/a', '/b']) expect((await app.get(path)).cache).toMatch(/^hit/)
    expect((await app.get('/a', {}, 'POST')).status).toBe(303)
    for (const path of ['/a', '/b']) expect((await app.get(path)).cache).toMatch(/^fwd=uri-miss/)
  })
})

describe('what the cache itself has to say', () => {
  it('reaches the framework as an error', async () => {
    const app = new NodeApp((_, response) => response.end('x'), {
      route: { onMissingScope: 'throw' },
      cache: { scopes: { user: 'global' } },
    })
    expect((await app.get('/a', { 'x-user': 'u' })).text).toBe('x')
    const refused = await app.get('/a', { 'x-user': '' })
    expect([refused.status, refused.text]).toEqual([500, expect.stringContaining('cannot be placed')])
    const slow = new NodeApp((_, response) => response.end('x'), {
      route: { onMissingScope: 'throw', cache: app.cache, identity: async () => ({ status: 'unresolved' }) },
    })
    expect((await slow.get('/a')).status).toBe(500)
  })

  it('is 504 where nothing but a stored response is wanted', async () => {
    const app = new NodeApp((_, response) => response.end('x'))
    const answer = await app.get('/a', { 'cache-control': 'only-if-cached' })
    expect([answer.status, answer.text, answer.headers.age]).toEqual([504, '', undefined])
    expect(app.runs).toBe(0)
  })

  it('is nothing about a request that writes', async () => {
    const app = new NodeApp((_, response) => response.end('x'))
    const answer = await app.get('/a', {}, 'POST')
    expect([answer.cache, answer.headers['cache-control']]).toEqual(['none', undefined])
  })
})

describe('HTTP/2', () => {
  it('is answered from the cache like HTTP/1', async () => {
    const app = new NodeApp((_, response) => {
      response.setHeader('ETag', '"1"')
      response.write('hello ')
      response.end('world')
    })
    const server = createHttp2Server((request, response) => app.listener(request as never, response as never))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
    onTestFinished(() => {
      client.destroy()
      server.close()
    })
    const get = (headers = {}) =>
      new Promise<[unknown, unknown, string]>((resolve, reject) => {
        const stream = client.request({ ':path': '/a', ...headers })
        let head: Record<string, unknown> = {}
        let text = ''
        stream.on('response', (fields) => (head = fields))
        stream.on('data', (chunk) => (text += String(chunk)))
        stream.on('end', () => resolve([head[':status'], head['cache-status'], text]))
        stream.on('error', reject)
      })
    expect(await get()).toEqual([200, 'cacheado; fwd=uri-miss; stored', 'hello world'])
    expect(await get()).toEqual([200, expect.stringContaining('hit'), 'hello world'])
    expect(await get({ 'if-none-match': '"1"' })).toEqual([304, expect.stringContaining('hit'), ''])
  })
})

/** Everything that comes back on a connection. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let raw = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => (raw += chunk.toString('latin1')))
    socket.on('close', () => resolve(raw))
    socket.on('error', reject)
  })
}
