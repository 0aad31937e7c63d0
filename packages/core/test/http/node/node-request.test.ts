import type { IncomingMessage } from 'node:http'
import { NodeRequest } from '@cacheado/core/http/node'
import { describe, expect, it } from 'vitest'

/** A message as Node's parser leaves it. */
function message(rawHeaders: string[], headers: Record<string, string | string[]>, more: object = {}): IncomingMessage {
  return {
    method: 'GET',
    url: '/b',
    rawHeaders,
    headers,
    socket: { remoteAddress: '10.0.0.1' },
    ...more,
  } as unknown as IncomingMessage
}

describe('a request of Node’s', () => {
  it('is named by the target of the whole application', () => {
    expect(new NodeRequest(message([], {}))).toMatchObject({ method: 'GET', target: '/b', host: '' })
    expect(new NodeRequest(message([], {}, { originalUrl: '/a/b' })).target).toBe('/a/b')
    expect(new NodeRequest({ rawHeaders: [], headers: {} } as never)).toMatchObject({ method: 'GET', target: '' })
  })

  it('asks one host', () => {
    expect(new NodeRequest(message(['Host', 'Shop.Example:80'], { host: 'Shop.Example:80' })).host).toBe(
      'shop.example:80',
    )
    expect(new NodeRequest(message(['Host', 'a', 'host', 'b'], { host: 'a' })).host).toBe('')
    expect(new NodeRequest(message([':authority', 'A'], { ':authority': 'A' })).host).toBe('a')
  })

  it('shows every line that was received, also those that Node drops', () => {
    const request = new NodeRequest(
      message(
        [
          'Authorization',
          'Bearer a',
          'authorization',
          'Bearer b',
          'Accept',
          'x',
          'ACCEPT',
          'y',
          'Cookie',
          'a=1',
          'Cookie',
          'b=2',
          'X-One',
          '1',
        ],
        {
          authorization: 'Bearer a',
          accept: 'x, y',
          cookie: 'a=1; b=2',
          'x-one': '1',
          'set-cookie': ['a', 'b'],
        },
      ),
    )
    expect(request.lines('authorization')).toEqual(['Bearer a', 'Bearer b'])
    expect(request.header('authorization')).toBe('Bearer a, Bearer b')
    expect(request.lines('accept')).toEqual(['x', 'y'])
    expect(request.header('accept')).toBe('x, y')
    expect(request.lines('cookie')).toEqual(['a=1', 'b=2'])
    expect(request.header('cookie')).toBe('a=1; b=2')
    expect(request.lines('x-one')).toEqual(['1'])
    expect(request.lines('set-cookie')).toEqual(['a', 'b'])
    expect(request.header('set-cookie')).toBe('a, b')
    expect(request.lines('missing')).toEqual([])
    expect(request.header('missing')).toBeUndefined()
    expect(request.names()).toEqual(['Authorization', 'authorization', 'Accept', 'ACCEPT', 'Cookie', 'Cookie', 'X-One'])
  })

  it('shows what the application has put in a header’s place, and nothing where it was taken away', () => {
    const request = new NodeRequest(message(['X-Org', 'a', 'X-Org', 'b', 'X-Gone', '1'], { 'x-org': 'verified' }))
    expect([request.lines('x-org'), request.header('x-org')]).toEqual([['verified'], 'verified'])
    expect([request.lines('x-gone'), request.header('x-gone')]).toEqual([[], undefined])
  })

  it('has no headers but those that it has', () => {
    const request = new NodeRequest(message([], {}))
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect([request.header(name), request.lines(name)]).toEqual([undefined, []])
    }
  })

  it('comes from the peer of its socket', () => {
    expect(new NodeRequest(message([], {})).peer).toBe('10.0.0.1')
    expect(new NodeRequest(message([], {}, { socket: undefined })).peer).toBeUndefined()
  })

  it.each<[object, object | undefined]>([
    [{}, undefined],
    [{ auth: { sub: '1' } }, { sub: '1' }],
    [{ auth: { sub: '1' }, user: { sub: '2' } }, { sub: '1' }],
    [{ user: { sub: '2' } }, { sub: '2' }],
    [{ auth: { token: 't', payload: { sub: '3' }, header: {} } }, { sub: '3' }],
    [{ auth: { token: 't', payload: 'x' } }, { token: 't', payload: 'x' }],
    [{ auth: 'x', user: ['y'] }, undefined],
    [{ auth: null, user: null }, undefined],
  ])('with %j has the claims %j', (more, claims) => {
    expect(new NodeRequest(message([], {}, more)).claims()).toEqual(claims)
  })

  it('has a session, which is new unless its cookie names it', () => {
    const id = 'abc/+'
    const cookie = `x=1; connect.sid=${encodeURIComponent(`s:${id}.signature`)}`
    const sessionOf = (headers: Record<string, string>, more: object) =>
      new NodeRequest(message([], headers, more)).session()
    expect(sessionOf({}, {})).toBeUndefined()
    expect(sessionOf({}, { sessionID: id })).toBeUndefined()
    expect(sessionOf({}, { session: {} })).toBeUndefined()
    expect(sessionOf({ cookie }, { session: {}, sessionID: id })).toEqual({ id, isNew: false })
    expect(sessionOf({ cookie }, { session: {}, sessionID: 'abc' })).toEqual({ id: 'abc', isNew: true })
    expect(sessionOf({}, { session: {}, sessionID: id })).toEqual({ id, isNew: true })
  })

  it('takes claims, session and native request from who knows better', () => {
    const native = {}
    const request = new NodeRequest(message([], {}, { user: { sub: 'no' } }), {
      native,
      claims: () => ({ sub: 'yes' }),
      session: () => ({ id: 's', isNew: false }),
    })
    expect([request.native, request.claims(), request.session()]).toEqual([
      native,
      { sub: 'yes' },
      { id: 's', isNew: false },
    ])
  })
})
