import { FetchRequest, headerFields, replayResponse, withoutFields } from '@cacheado/core/http'
import { describe, expect, it } from 'vitest'
import { App, MINE, gate, settle, statusOf } from '../harness.js'

const shown = (url: string, headers: Record<string, string> = {}, more = {}) =>
  new FetchRequest({ request: new Request(url, { headers }), native: {}, ...more })

describe('a Fetch request', () => {
  it.each([
    ['http://Shop.Example/a/b?c=d', 'shop.example', '/a/b?c=d'],
    ['https://shop.example:8443/', 'shop.example:8443', '/'],
    ['http://shop.example', 'shop.example', '/'],
    ['http://shop.example?x', 'shop.example', '/?x'],
    ['http://[::1]:3000/a%20b//c;d', '[::1]:3000', '/a%20b//c;d'],
    ['http://shop.example/a#b', 'shop.example', '/a'],
  ])('%s asks %s for %s', (url, host, target) => {
    expect(shown(url)).toMatchObject({ method: 'GET', host, target })
  })

  it.each([
    ['shop.example', 'shop.example'],
    ['SHOP.example', 'shop.example'],
    ['shop.example:80', 'shop.example'],
    ['other.example', ''],
    ['shop.example, other.example', ''],
    ['shop.example:81', ''],
  ])('with Host: %s asks %j', (header, host) => {
    expect(shown('http://shop.example/', { host: header }).host).toBe(host)
  })

  it('shows headers, of which Fetch has joined the lines', () => {
    const headers = new Headers({ 'X-A': '1' })
    headers.append('x-a', '2')
    const request = new FetchRequest({ request: new Request('http://h/', { headers }), native: {} })
    expect([request.header('x-a'), request.lines('x-a'), request.header('x-b'), request.lines('x-b')]).toEqual([
      '1, 2',
      ['1, 2'],
      undefined,
      [],
    ])
    expect(request.names()).toEqual(['x-a'])
  })

  it('knows what the framework tells it', () => {
    const request = shown(
      'http://h/',
      {},
      { claims: () => ({ sub: 'a' }), session: () => ({ id: 's', isNew: true }), peer: () => '::1' },
    )
    expect([request.claims(), request.session(), request.peer]).toEqual([{ sub: 'a' }, { id: 's', isNew: true }, '::1'])
    const silent = shown('http://h/')
    expect([silent.claims(), silent.session(), silent.peer]).toEqual([undefined, undefined, undefined])
  })

  it('can be shown to a handler without some fields', () => {
    const request = new Request('http://h/', { headers: { 'if-none-match': 'x', accept: 'y' } })
    expect(withoutFields(request, [])).toBe(request)
    expect([...withoutFields(request, ['if-none-match']).headers.keys()]).toEqual(['accept'])
    expect(request.headers.has('if-none-match')).toBe(true)
  })
})

describe('an observed response', () => {
  it('is returned while its body still flows, and read ahead of its client by 64 KiB at the most', async () => {
    const chunk = new Uint8Array(16 * 1024).fill(120)
    let pulled = 0
    const body = new ReadableStream(
      {
        pull(controller) {
          pulled++
          if (pulled > 20) controller.close()
          else controller.enqueue(chunk)
        },
      },
      { highWaterMark: 0 },
    )
    const app = new App(MINE, () => new Response(body))
    const response = await app.request('/a', { as: 'o/u' })
    await settle()
    expect(pulled).toBe(4)
    expect((await response.arrayBuffer()).byteLength).toBe(20 * chunk.byteLength)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('is complete, and there for others, though its client reads nothing of it', async () => {
    const app = new App(MINE, () => new Response('small'))
    const unread = await app.request('/a', { as: 'o/u' })
    await settle()
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit.*small$/)
    await unread.body?.cancel()
    expect(app.cache.stats()).toMatchObject({ loads: 1, loadErrors: 0 })
  })

  it('is not stored where its stream fails, which its client sees', async () => {
    const broken = new Error('mine')
    const app = new App(MINE, () => new Response(new ReadableStream({ pull: () => Promise.reject(broken) })))
    for (let round = 1; round < 3; round++) {
      const response = await app.request('/a', { as: 'o/u' })
      await expect(response.text()).rejects.toBe(broken)
      expect(app.runs).toBe(round)
    }
    expect(app.cache.stats().inFlight).toBe(0)
  })

  it('is not stored where its client goes away, and its source is told', async () => {
    let reason: unknown
    const app = new App(MINE, () => new Response(new ReadableStream({ cancel: (why) => void (reason = why) })))
    const response = await app.request('/a', { as: 'o/u' })
    await response.body?.cancel('gone')
    expect(reason).toBe('gone')
    expect(app.cache.stats()).toMatchObject({ inFlight: 0, entries: 0 })
  })

  it('is left alone where nobody records it', async () => {
    const body = new ReadableStream<Uint8Array>()
    const app = new App(
      MINE,
      () => new Response(body, { headers: { 'Cache-Control': 'no-store' }, statusText: 'Fine' }),
    )
    const response = await app.request('/a', { as: 'o/u' })
    expect([response.body, response.statusText]).toEqual([body, 'Fine'])
  })

  it('is not an upgrade', async () => {
    const upgrade = Object.assign(new Response(null), { webSocket: {} })
    const app = new App(MINE, () => upgrade)
    expect(await app.request('/a', { as: 'o/u' })).toBe(upgrade)
    expect(app.cache.stats()).toMatchObject({ inFlight: 0, entries: 0 })
  })

  it('is drained for the store where its client gets 304, and the platform is told to wait', async () => {
    const waited: Promise<unknown>[] = []
    const held = gate()
    const app = new App(
      MINE,
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await held.opened
              controller.enqueue(new TextEncoder().encode('body'))
              controller.close()
            },
          }),
          { headers: { ETag: '"1"' } },
        ),
      { exchange: { waitUntil: (work) => void waited.push(work) } },
    )
    const response = await app.request('/a', { as: 'o/u', headers: { 'if-none-match': '"1"' } })
    expect([response.status, waited.length]).toEqual([304, 1])
    held.open()
    await Promise.all(waited)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit.*body$/)
  })

  it('is forgotten where draining it fails', async () => {
    const waited: Promise<unknown>[] = []
    const app = new App(
      MINE,
      () =>
        new Response(new ReadableStream({ pull: () => Promise.reject(new Error('x')) }), { headers: { ETag: '"1"' } }),
      { exchange: { waitUntil: (work) => void waited.push(work) } },
    )
    expect((await app.request('/a', { as: 'o/u', headers: { 'if-none-match': '"1"' } })).status).toBe(304)
    await Promise.all(waited)
    expect(app.cache.stats()).toMatchObject({ inFlight: 0, entries: 0 })
    const empty = new App(MINE, () => new Response(null, { headers: { ETag: '"1"' } }))
    expect((await empty.request('/a', { as: 'o/u', headers: { 'if-none-match': '"1"' } })).status).toBe(304)
    expect(await empty.get('/a', { as: 'o/u' })).toMatch(/^200 \| hit/)
  })

  it('is not stored where it stands for something the handler threw', async () => {
    const app = new App({ ...MINE, statuses: [404] }, () => new Response('no such thing', { status: 404 }), {
      exchange: { error: () => new Error('thrown') },
    })
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^404 \| fwd=uri-miss; detail=handler-failed/)
    expect(app.cache.stats().inFlight).toBe(0)
  })

  it('is replaced by a stale one where the handler failed, and let go', async () => {
    let cancelled = false
    const app = new App({ ...MINE, staleIfError: '1h' }, () =>
      app.runs === 1
        ? new Response('good')
        : new Response(new ReadableStream({ cancel: () => void (cancelled = true) }), { status: 500 }),
    )
    await app.get('/a', { as: 'o/u' })
    app.clock.advance('2m')
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/^200 .*good$/)
    expect(cancelled).toBe(true)
  })
})

describe('a replayed Response', () => {
  it('can be made in another way', async () => {
    const app = new App(MINE, () => new Response('x'), {
      exchange: {
        replay: (replay) =>
          new Response(`made of ${replay.status}`, { headers: { 'Cache-Status': replay.cacheStatus } }),
      },
    })
    await app.get('/a', { as: 'o/u' })
    const hit = await app.request('/a', { as: 'o/u' })
    expect([await hit.text(), statusOf(hit)]).toEqual(['made of 200', 'hit; ttl=60'])
  })

  it('has no age where there is none', () => {
    const response = replayResponse({
      kind: 'replay',
      status: 504,
      fields: [],
      age: undefined,
      cacheStatus: 'c',
      body: undefined,
    })
    expect([...response.headers]).toEqual([['cache-status', 'c']])
  })
})

it('fields of Fetch headers have their cookies line by line', () => {
  const headers = new Headers({ b: '1' })
  headers.append('set-cookie', 'a=1')
  headers.append('set-cookie', 'b=2')
  expect(headerFields(headers)).toEqual([
    ['b', '1'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ])
})
