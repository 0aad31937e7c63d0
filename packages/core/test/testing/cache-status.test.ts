import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cacheStatus } from '@cacheado/core/testing'
import { describe, expect, it } from 'vitest'

const NOTHING = {
  hit: false,
  fwd: undefined,
  fwdStatus: undefined,
  ttl: undefined,
  stored: false,
  collapsed: false,
  detail: undefined,
}
const response = (field: string) => new Response(null, { headers: { 'Cache-Status': field } })

describe('cacheStatus', () => {
  it.each([
    ['cacheado; hit', { hit: true }],
    ['cacheado; hit; ttl=376', { hit: true, ttl: 376 }],
    ['cacheado;hit;ttl=-3', { hit: true, ttl: -3 }],
    ['cacheado; fwd=uri-miss', { fwd: 'uri-miss' }],
    ['cacheado; fwd=uri-miss; fwd-status=500; stored', { fwd: 'uri-miss', fwdStatus: 500, stored: true }],
    [
      'cacheado; fwd=stale; fwd-status=304; collapsed; stored; ttl=60',
      { fwd: 'stale', fwdStatus: 304, collapsed: true, stored: true, ttl: 60 },
    ],
    ['cacheado; fwd=bypass; detail=scope-unresolved', { fwd: 'bypass', detail: 'scope-unresolved' }],
    ['cacheado; fwd=bypass; detail="a; hit, \\"quoted\\" \\\\"', { fwd: 'bypass', detail: 'a; hit, "quoted" \\' }],
    ['cacheado; hit=?1; stored=?0', { hit: true }],
    ['cacheado', {}],
    ['OriginCache; hit; ttl=1100, cacheado; fwd=miss', { fwd: 'miss' }],
    ['cacheado; fwd=miss, CDN; hit', { fwd: 'miss' }],
    ['"other, cacheado; hit"; fwd=miss, "cacheado"; fwd=stale', { fwd: 'stale' }],
    ['cacheado; fwd=miss, cacheado; hit', { hit: true }],
    ['cacheado; hit,, ;', { hit: true }],
  ])('reads %s', (field, expected) => {
    expect(cacheStatus(response(field))).toEqual({ ...NOTHING, ...expected })
  })

  it.each(['', 'OtherCache; hit', '"a; cacheado; hit"', 'cacheado2; hit', 'Cacheado; hit'])(
    'says nothing where %j says nothing of it',
    (field) => {
      expect(cacheStatus(response(field))).toBeUndefined()
    },
  )

  it('says nothing where there is no field', () => {
    expect(cacheStatus(new Response())).toBeUndefined()
    expect(cacheStatus({ headers: {} })).toBeUndefined()
    expect(cacheStatus({ headers: { 'cache-status': undefined } })).toBeUndefined()
  })

  it('reads another name', () => {
    expect(cacheStatus(response('cacheado; fwd=miss, "my cache"; hit'), 'my cache')).toEqual({ ...NOTHING, hit: true })
  })

  it('reads records of headers, one line or several, in any letter case', () => {
    for (const headers of [
      { 'cache-status': 'cacheado; hit' },
      { 'Cache-Status': 'cacheado; hit' },
      { 'cache-status': ['CDN; fwd=miss', 'cacheado; hit'] },
      new Headers({ 'cache-status': 'cacheado; hit' }),
    ]) {
      expect(cacheStatus({ headers })).toEqual({ ...NOTHING, hit: true })
    }
  })

  it('reads what node:http received', async () => {
    const server = createServer((_, answer) =>
      answer.setHeader('Cache-Status', ['CDN; hit', 'cacheado; fwd=miss; stored']).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const received = await new Promise<{ headers: object }>((resolve) =>
      get({ port, host: '127.0.0.1' }, (message) => resolve(message.resume())),
    )
    expect(cacheStatus(received)).toEqual({ ...NOTHING, fwd: 'miss', stored: true })
    server.close()
  })
})
