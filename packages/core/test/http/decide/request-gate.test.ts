import { describe, expect, it } from 'vitest'
import { fastest } from '../fastest.js'
import { gateRequest } from '../../../src/http/decide/request-gate.js'
import { sketchRequest, type RequestSketch } from './request.js'

const verdict = (sketch: RequestSketch) => {
  const gate = gateRequest(sketchRequest(sketch))
  return gate.kind === 'bypass' ? gate.reason : gate.kind
}
const authorization = (...lines: string[]) => ({ headers: { authorization: lines } })

describe('the request gate', () => {
  it.each<[string, RequestSketch]>([
    ['a GET', {}],
    ['a HEAD', { method: 'HEAD' }],
    ['a Content-Length of 0', { headers: { 'content-length': '0' } }],
    ['an absolute-form target that names its host', { target: 'http://SHOP.example/x' }],
    ['a port', { host: 'shop.example:8080' }],
    ['an IPv6 host', { host: '[::1]:3000' }],
    ['raw bytes beyond ASCII in the target', { target: '/caf\u00c3\u00a9' }],
    ['a bearer token', authorization('Bearer a.b-c_d==')],
    ['a digest with its commas', authorization('Digest username="a, b", realm="x", nonce=1, qop=auth')],
    [
      'an AWS signature',
      authorization('AWS4-HMAC-SHA256 Credential=A/20/r/s3/aws4_request, SignedHeaders=host;range, Signature=fe5f'),
    ],
    ['a client that wants it validated', { headers: { 'cache-control': 'no-cache' } }],
    ['a client that reloads', { headers: { 'cache-control': 'max-age=0', pragma: 'no-cache' } }],
    ['a conditional request', { headers: { 'if-none-match': '"a"', 'if-modified-since': 'x' } }],
  ])('lets %s through', (_, sketch) => {
    expect(verdict(sketch)).toBe('eligible')
  })

  it.each<[string, string, RequestSketch]>([
    ['method', 'POST', { method: 'POST' }],
    ['method', 'lower-case get, which is another method', { method: 'get' }],
    ['method', 'QUERY', { method: 'QUERY' }],
    ['method', 'an unknown method', { method: 'M-SEARCH' }],
    ['request-body', 'a body of known length', { headers: { 'content-length': '3' } }],
    ['request-body', 'a length nobody understands', { headers: { 'content-length': '00' } }],
    ['request-body', 'a chunked body', { headers: { 'transfer-encoding': 'chunked' } }],
    ['upgrade', 'an upgrade', { headers: { upgrade: 'websocket' } }],
    ['method-override', 'X-HTTP-Method-Override', { headers: { 'x-http-method-override': 'DELETE' } }],
    ['method-override', 'X-HTTP-Method', { headers: { 'x-http-method': 'PUT' } }],
    ['method-override', 'X-Method-Override', { headers: { 'x-method-override': 'PUT' } }],
    ['ambiguous', 'no host', { host: '' }],
    ['ambiguous', 'two hosts', { host: 'a.example, b.example' }],
    ['ambiguous', 'user information in the host', { host: 'a@b.example' }],
    ['ambiguous', 'a path in the host', { host: 'a.example/x' }],
    ['ambiguous', 'white space in the host', { host: 'a.example b' }],
    ['ambiguous', 'an empty target', { target: '' }],
    ['ambiguous', 'white space in the target', { target: '/a b' }],
    ['ambiguous', 'a control character in the target', { target: '/a\u0000' }],
    ['ambiguous', 'DEL in the target', { target: '/a\u007f' }],
    ['ambiguous', 'an asterisk-form target', { target: '*' }],
    ['ambiguous', 'an absolute-form target of another host', { target: 'http://other.example/' }],
    ['ambiguous', 'an absolute-form target of another port', { target: 'http://shop.example:81/' }],
    ['ambiguous', 'user information in the target', { target: 'http://a@shop.example/' }],
    ['ambiguous', 'another scheme', { target: 'ftp://shop.example/' }],
    ['ambiguous', 'two Authorization lines', authorization('Bearer a', 'Bearer b')],
    ['ambiguous', 'two Authorization lines that could be one', authorization('Digest a=b', 'c=d')],
    ['ambiguous', 'two equal Authorization lines', authorization('Bearer a', 'Bearer a')],
    ['ambiguous', 'an empty Authorization', authorization('')],
    ['ambiguous', 'two tokens joined', authorization('Bearer a, Bearer b')],
    ['ambiguous', 'two bare tokens joined', authorization('a, b')],
    ['ambiguous', 'a token and a bare one joined', authorization('Bearer a,b')],
    ['ambiguous', 'two digests joined', authorization('Digest username="a", qop=auth, Digest username="b"')],
    ['ambiguous', 'a digest and a token joined', authorization('Digest username="a", Bearer b')],
    ['ambiguous', 'a quoted string that never ends', authorization('Digest username="a, b=c')],
    ['range', 'a range', { headers: { range: 'bytes=0-1' } }],
    ['precondition', 'If-Match', { headers: { 'if-match': '"a"' } }],
    ['precondition', 'If-Unmodified-Since', { headers: { 'if-unmodified-since': 'x' } }],
    ['request-no-store', 'a client that forbids storing', { headers: { 'cache-control': 'NO-STORE' } }],
    ['request-no-store', 'the same among others', { headers: { 'cache-control': ['max-age=0', ' no-store '] } }],
  ])('answers %s to %s', (reason, _, sketch) => {
    expect(verdict(sketch)).toBe(reason)
  })

  it('tells RFC 9211 why', () => {
    expect(gateRequest(sketchRequest({ method: 'PUT' }))).toMatchObject({ fwd: 'method' })
    expect(gateRequest(sketchRequest({ host: '' }))).toMatchObject({ fwd: 'request' })
  })

  it('notes that only a stored answer is wanted', () => {
    const headers = { 'cache-control': 'only-if-cached' }
    expect(gateRequest(sketchRequest({ headers }))).toEqual({ kind: 'eligible', onlyIfCached: true })
    expect(gateRequest(sketchRequest({ headers: { 'cache-control': 'x="only-if-cached"' } }))).toMatchObject({
      onlyIfCached: false,
    })
  })

  it('reads 16 KB of credentials in linear time', () => {
    for (const piece of ['a=b,', 'a ', ',', '"', 'a', '=', 'a="",', ' ', '\\"']) {
      const value = `X ${piece.repeat(16_384 / piece.length)},`
      expect(fastest(() => verdict(authorization(value)))).toBeLessThan(50)
    }
  })
})
