import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createIdentityRequest,
  fieldPairs,
  identityFrom,
  type Resolution,
  trustedHeader,
} from '@cacheado/core/identity'

describe('createIdentityRequest', () => {
  const fields = [
    ['X-Org-Id', 'a'],
    ['x-org-id', 'b'],
    ['X_Org_Id', 'c'],
    ['X-Empty', ''],
  ] as const

  it('shows headers joined, line by line, and by every name received', () => {
    const request = createIdentityRequest({ fields: () => fields, native: undefined })
    expect(request.header('x-org-id')).toBe('a, b')
    expect(request.header('x-empty')).toBe('')
    expect(request.header('x-none')).toBeUndefined()
    expect(request.lines('x-org-id')).toEqual(['a', 'b'])
    expect(request.lines('x-empty')).toEqual([''])
    expect(request.lines('x-none')).toEqual([])
    expect(request.names()).toEqual(['X-Org-Id', 'x-org-id', 'X_Org_Id', 'X-Empty'])
  })

  it('has no peer, claims or session where it was given none', () => {
    const request = createIdentityRequest({ fields: () => [], native: 1 })
    expect([request.peer, request.claims(), request.session(), request.native]).toEqual([
      undefined,
      undefined,
      undefined,
      1,
    ])
  })

  it('reads headers once and when asked, the rest at each question', () => {
    let reads = 0
    let sub: string | undefined
    const request = createIdentityRequest({
      fields: () => (reads++, new Headers({ 'X-Org-Id': 'a' })),
      peer: () => '10.0.0.1',
      claims: () => (sub === undefined ? undefined : { sub }),
      session: () => ({ id: 's', isNew: true }),
      native: undefined,
    })
    expect([reads, request.claims(), request.peer]).toEqual([0, undefined, '10.0.0.1'])
    sub = 'alice'
    expect([request.lines('x-org-id'), request.names(), reads]).toEqual([['a'], ['x-org-id'], 1])
    expect([request.claims(), request.session()]).toEqual([{ sub: 'alice' }, { id: 's', isNew: true }])
  })
})

describe('an identity header over a real socket', () => {
  let server: Server
  let resolution: Resolution | Promise<Resolution> | undefined
  const identity = identityFrom({ organization: trustedHeader('x-org-id', { trust: ['127.0.0.1'] }) })

  beforeAll(async () => {
    server = createServer((request, response) => {
      resolution = identity(nodeRequest(request))
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '::', resolve))
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it.each<[string, string, unknown]>([
    ['one line', 'X-Org-Id: acme', { ids: { organization: 'acme' } }],
    ['space around the value', 'X-Org-Id: \t acme \t', { ids: { organization: 'acme' } }],
    ['two lines', 'X-Org-Id: acme\r\nX-Org-Id: evil', { reason: 'ambiguous' }],
    ['a list', 'X-Org-Id: acme,evil', { reason: 'ambiguous' }],
    ['a twin', 'X-Org-Id: acme\r\nX_Org_Id: evil', { reason: 'ambiguous' }],
    ['empty', 'X-Org-Id:', { reason: 'invalid' }],
    ['UTF-8', 'X-Org-Id: café', { reason: 'invalid' }],
    ['absent', 'X-Other: acme', { status: 'unresolved' }],
  ])('%s, from a peer that a dual-stack socket shows as ::ffff:127.0.0.1', async (_name, lines, expected) => {
    resolution = undefined
    await exchange((server.address() as AddressInfo).port, lines)
    expect(resolution).toMatchObject(expected as object)
  })
})

function nodeRequest(request: IncomingMessage) {
  return createIdentityRequest({
    fields: () => fieldPairs(request.rawHeaders),
    peer: () => request.socket.remoteAddress,
    native: request,
  })
}

/** Sends these header lines and waits for the end of the answer. */
function exchange(port: number, lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n\r\n`)
    })
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume()
  })
}
