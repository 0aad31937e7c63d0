import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPair, importSPKI, SignJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isCacheError } from '../../src/cache-error.js'
import { claim, identityFrom, type Resolution, verifiedJwt, type VerifiedJwtOptions } from '@cacheado/core/identity'
import { requestOf } from './request-of.js'
import * as t from './tokens.js'

const configErrorAt = (option: string) =>
  expect.toSatisfy(
    (error: unknown) => isCacheError(error, 'ERR_CACHE_CONFIG') && (error as { option?: string }).option === option,
  ) as Error

/** Who the bearer of `token` is, in a word: the id or the reason. */
async function who(options: VerifiedJwtOptions, token: string, header = 'authorization'): Promise<string> {
  const identity = identityFrom({ user: claim('sub', verifiedJwt({ clock: new t.TestClock(), ...options })) })
  const value = header === 'authorization' ? `Bearer ${token}` : token
  return word(await identity(requestOf({ headers: [[header, value]] })))
}

function word(resolution: Resolution): string {
  if (resolution.status === 'resolved') return resolution.ids['user'] as string
  return resolution.status === 'refused' ? resolution.reason : 'none'
}

const hs = { algorithms: ['HS256'], secret: t.SECRET, audience: 'shop' } as const
const rs = { algorithms: ['RS256'], audience: 'shop' } as const
const rsaToken = t.token({ alg: 'RS256' }, t.ALICE, t.rs256(t.rsa.privateKey))

describe('a key for verifiedJwt', () => {
  it.each<[string, () => VerifiedJwtOptions | Promise<VerifiedJwtOptions>]>([
    ['PEM', () => ({ ...rs, key: t.rsaPem })],
    ['PEM with space around it', () => ({ ...rs, key: `\n  ${t.rsaPem}\n` })],
    ['JWK', () => ({ ...rs, key: t.rsa.publicKey.export({ format: 'jwk' }) as { kty: string } })],
    ['KeyObject', () => ({ ...rs, key: t.rsa.publicKey })],
    ['CryptoKey', async () => ({ ...rs, key: await importSPKI(t.rsaPem, 'RS256') })],
    ['key set', () => ({ ...rs, jwks: t.JWKS })],
  ])('may be a %s', async (_name, options) => {
    expect(await who(await options(), rsaToken)).toBe('alice')
    const forged = t.token({ alg: 'RS256' }, t.ALICE, t.rs256(t.otherRsa.privateKey))
    expect(await who(await options(), forged)).toBe('unverified')
  })

  it('may be a certificate', async () => {
    const options = { algorithms: ['ES256'], audience: 'shop', key: t.CERTIFICATE } as const
    expect(await who(options, t.CERTIFIED)).toBe('alice')
    expect(await who(options, t.token({ alg: 'ES256' }, t.ALICE, t.es256(t.ec.privateKey)))).toBe('unverified')
  })

  it('may be a secret as bytes, copied', async () => {
    const secret = new TextEncoder().encode(t.SECRET)
    const identity = identityFrom({ user: claim('sub', verifiedJwt({ ...hs, secret, clock: new t.TestClock() })) })
    secret.fill(0)
    expect(word(await identity(requestOf({ headers: [['authorization', `Bearer ${t.hs256()}`]] })))).toBe('alice')
  })

  it('is copied: a JWK is neither frozen nor followed when it changes', async () => {
    const key = t.rsa.publicKey.export({ format: 'jwk' }) as { kty: string; n?: unknown }
    const identity = identityFrom({ user: claim('sub', verifiedJwt({ ...rs, key, clock: new t.TestClock() })) })
    const ask = async () => word(await identity(requestOf({ headers: [['authorization', `Bearer ${rsaToken}`]] })))
    expect(await ask()).toBe('alice')
    key.n = t.otherRsa.publicKey.export({ format: 'jwk' }).n
    expect(await ask()).toBe('alice')
  })

  it('is read from PEM once per algorithm', async () => {
    const read = vi.spyOn(crypto.subtle, 'importKey')
    const identity = identityFrom({
      user: claim('sub', verifiedJwt({ ...rs, key: t.rsaPem, clock: new t.TestClock() })),
    })
    const ask = async () => word(await identity(requestOf({ headers: [['authorization', `Bearer ${rsaToken}`]] })))
    expect([await ask(), await ask(), read.mock.calls.length]).toEqual(['alice', 'alice', 1])
    read.mockRestore()
  })

  it('is not guessed where several of a set would fit', async () => {
    const [key] = t.JWKS.keys
    const jwks = { keys: [key, { ...t.otherRsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-0' }] } as typeof t.JWKS
    expect(await who({ ...rs, jwks }, rsaToken)).toBe('unverified')
  })

  it('works with tokens that jose itself signs', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const signed = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setAudience('shop')
      .setExpirationTime(t.NOW + 60)
      .sign(privateKey)
    expect(await who({ algorithms: ['ES256'], audience: 'shop', typ: 'at+jwt', key: publicKey }, signed)).toBe('alice')
    expect(await who({ algorithms: ['ES256'], audience: 'shop', typ: 'JWT', key: publicKey }, signed)).toBe(
      'unverified',
    )
  })

  it('that does not fit a listed algorithm refuses, whichever the token names', async () => {
    const options = { algorithms: ['RS256', 'ES256'], audience: 'shop', key: t.rsaPem } as const
    expect(await who(options, t.token({ alg: 'ES256' }, t.ALICE, t.es256(t.ec.privateKey)))).toBe('failed')
    expect(await who(options, rsaToken)).toBe('alice')
  })

  it.each<[string, object]>([
    ['verifiedJwt', {}],
    ['verifiedJwt', { secret: t.SECRET, key: t.rsaPem }],
    ['verifiedJwt.secret', { secret: t.SECRET }],
    ['verifiedJwt.key', { algorithms: ['HS256'], key: t.rsaPem }],
    ['verifiedJwt.jwks', { algorithms: ['HS256'], jwks: t.JWKS }],
    ['verifiedJwt.secret', { algorithms: ['HS256'], secret: 'thirty-one bytes are not enough' }],
    ['verifiedJwt.secret', { algorithms: ['HS256', 'HS512'], secret: t.SECRET }],
    ['verifiedJwt.secret', { algorithms: ['HS256'], secret: 1 }],
    ['verifiedJwt.secret', { algorithms: ['HS256'], secret: new Uint16Array(64) }],
    ['verifiedJwt.secret', { algorithms: ['HS256'], secret: t.rsaPem }],
    ['verifiedJwt.key', { key: 'key' }],
    ['verifiedJwt.key', { key: t.rsaPem.replaceAll('\n', '\\n') }],
    ['verifiedJwt.key', { key: t.rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) }],
    ['verifiedJwt.key', { key: t.rsa.privateKey.export({ format: 'jwk' }) }],
    ['verifiedJwt.key', { key: t.rsa.privateKey }],
    ['verifiedJwt.key', { key: { kty: 'oct', k: 'c2VjcmV0' } }],
    ['verifiedJwt.key', { key: { kty: 'oct' } }],
    ['verifiedJwt.key', { key: null }],
    ['verifiedJwt.key', { key: 7 }],
    ['verifiedJwt.jwks', { jwks: {} }],
    ['verifiedJwt.jwks', { jwks: null }],
    ['verifiedJwt.jwks', { jwks: { keys: [] } }],
    ['verifiedJwt.jwks', { jwks: { keys: [null] } }],
    ['verifiedJwt.jwks', { jwks: { keys: [...t.JWKS.keys, { kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['verifiedJwt.jwksUri', { jwksUri: 'http://id.example.com/jwks.json', issuer: 'x' }],
    ['verifiedJwt.jwksUri', { jwksUri: 'file:///etc/jwks.json', issuer: 'x' }],
    ['verifiedJwt.jwksUri', { jwksUri: 'jwks.json', issuer: 'x' }],
    ['verifiedJwt.issuer', { jwksUri: 'https://id.example.com/jwks.json' }],
  ])('is refused at construction (%s): %j', (option, given) => {
    expect(() => verifiedJwt({ algorithms: ['RS256'], ...given } as unknown as VerifiedJwtOptions)).toThrow(
      configErrorAt(option),
    )
  })
})

describe('the checks of verifiedJwt', () => {
  it.each<[string, unknown]>([
    ['verifiedJwt', undefined],
    ['verifiedJwt', null],
    ['verifiedJwt.algorithms', { secret: t.SECRET }],
    ['verifiedJwt.algorithms', { ...hs, algorithms: [] }],
    ['verifiedJwt.algorithms', { ...hs, algorithms: 'HS256' }],
    ['verifiedJwt.algorithms', { ...hs, algorithms: ['none'] }],
    ['verifiedJwt.algorithms', { ...hs, algorithms: ['HS256', 'none'] }],
    ['verifiedJwt.algorithms', { ...hs, algorithms: ['HS256', 'RS256'] }],
    ['verifiedJwt.issuer', { ...hs, issuer: '' }],
    ['verifiedJwt.issuer', { ...hs, issuer: [] }],
    ['verifiedJwt.audience', { ...hs, audience: [7] }],
    ['verifiedJwt.typ', { ...hs, typ: '' }],
    ['verifiedJwt.leeway', { ...hs, leeway: '61s' }],
    ['verifiedJwt.leeway', { ...hs, leeway: -1 }],
    ['verifiedJwt.header', { ...hs, header: '' }],
  ])('are refused at construction where they could not hold (%s): %j', (option, options) => {
    expect(() => verifiedJwt(options as VerifiedJwtOptions)).toThrow(configErrorAt(option))
  })

  it('refuse a token that names an audience where nobody claims to be one', async () => {
    const options = { algorithms: ['HS256'], secret: t.SECRET } as const
    expect(await who(options, t.hs256())).toBe('unverified')
    expect(await who(options, t.hs256({ aud: undefined }))).toBe('alice')
  })

  it('do not ask for an issuer that is not configured', async () => {
    expect(await who(hs, t.hs256({ iss: 'anybody' }))).toBe('alice')
  })

  it('allow clocks to differ by the leeway and not by more', async () => {
    const options = { ...hs, leeway: '30s' } as const
    expect(await who(options, t.hs256({ exp: t.NOW - 29 }))).toBe('alice')
    expect(await who(options, t.hs256({ exp: t.NOW - 30 }))).toBe('expired')
    expect(await who(options, t.hs256({ nbf: t.NOW + 30 }))).toBe('alice')
    expect(await who(options, t.hs256({ nbf: t.NOW + 31 }))).toBe('unverified')
  })

  it('run on the platform’s clock where none is given', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    const identity = identityFrom({ user: claim('sub', verifiedJwt(hs)) })
    const at = async (exp: number) =>
      word(await identity(requestOf({ headers: [['authorization', `Bearer ${t.hs256({ exp })}`]] })))
    expect(await at(seconds + 60)).toBe('alice')
    expect(await at(seconds - 60)).toBe('expired')
  })

  it('refuse everything while the clock is out of order', async () => {
    const clock = new t.TestClock()
    clock.seconds = Number.NaN
    expect(await who({ ...hs, clock }, t.hs256())).toBe('failed')
  })
})

describe('the token of verifiedJwt', () => {
  it('stands alone in a header other than Authorization', async () => {
    const options = { ...hs, header: 'Cf-Access-Jwt-Assertion' }
    expect(await who(options, t.hs256(), 'cf-access-jwt-assertion')).toBe('alice')
    expect(await who(options, `Bearer ${t.hs256()}`, 'cf-access-jwt-assertion')).toBe('unverified')
    expect(await who(options, t.hs256(), 'cf_access_jwt_assertion')).toBe('ambiguous')
    expect(await who(options, t.hs256())).toBe('none')
  })

  it('is verified once per request, again in the next, and again where it was replaced', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    const token = verifiedJwt({ ...hs, clock: new t.TestClock() })
    const users = identityFrom({ user: claim('sub', token) })
    const organizations = identityFrom({ organization: claim('org_id', token), user: claim('sub', token) })
    const request = (sub: string, native: unknown) =>
      requestOf({ headers: [['authorization', `Bearer ${t.hs256({ sub })}`]], native })
    const native = {}
    await users(request('alice', native))
    await organizations(request('alice', native))
    expect(verify).toHaveBeenCalledTimes(1)
    expect(word(await users(request('bob', native)))).toBe('bob')
    expect(verify).toHaveBeenCalledTimes(2)
    await users(request('alice', {}))
    expect(verify).toHaveBeenCalledTimes(3)
    const bare = request('alice', undefined)
    await users({ ...described(bare), native: 'no object' })
    await users(bare)
    await users(bare)
    expect(verify).toHaveBeenCalledTimes(5)
    verify.mockRestore()
  })

  it('gives its claims to varyBy', async () => {
    const identity = identityFrom({ user: claim('sub', verifiedJwt({ ...hs, clock: new t.TestClock() })) })
    const headers = [['authorization', `Bearer ${t.hs256({ role: 'admin' })}`]] as const
    expect(await identity(requestOf({ headers }))).toMatchObject({ claims: { role: 'admin', aud: 'shop' } })
  })
})

describe('verifiedJwt without jose', () => {
  afterEach(() => {
    vi.doUnmock('jose')
    vi.resetModules()
  })

  it('says at the first token what to install', async () => {
    vi.resetModules()
    vi.doMock('jose', () => {
      throw new Error('Cannot find package')
    })
    const fresh = await import('@cacheado/core/identity')
    const identity = fresh.identityFrom({ user: fresh.claim('sub', fresh.verifiedJwt(hs)) })
    expect(identity(requestOf({ headers: [['accept', '*/*']] }))).toEqual({ status: 'unresolved' })
    const opaque = identity(requestOf({ headers: [['authorization', 'Bearer d7f1c0']] }))
    expect(opaque).toMatchObject({ reason: 'unverified' })
    const asked = () => identity(requestOf({ headers: [['authorization', `Bearer ${t.hs256()}`]] }))
    await expect(asked()).rejects.toThrow(configErrorAt('verifiedJwt'))
    await expect(asked()).rejects.toThrow(/'jose'/)
  })
})

describe('keys that an issuer publishes', () => {
  let server: Server | undefined
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())))

  async function issuer(answer: () => { status: number; body: string } | undefined) {
    let asked = 0
    server = createServer((_request, response) => {
      asked++
      const given = answer()
      if (given) response.writeHead(given.status).end(given.body)
      else response.destroy()
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const jwksUri = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const clock = new t.TestClock()
    const token = verifiedJwt({ ...rs, jwksUri, issuer: t.ALICE.iss, clock })
    const identity = identityFrom({ user: claim('sub', token) })
    const ask = async (jwt: string) =>
      word(await identity(requestOf({ headers: [['authorization', `Bearer ${jwt}`]] })))
    return { ask, clock, asked: () => asked }
  }
  const published = { status: 200, body: JSON.stringify(t.JWKS) }
  const kid = (id: string) => t.token({ alg: 'RS256', kid: id }, t.ALICE, t.rs256(t.rsa.privateKey))

  it('are fetched at the first token and not again for the next, nor for each unknown kid', async () => {
    const { ask, asked } = await issuer(() => published)
    expect(await Promise.all([ask(kid('rsa-1')), ask(kid('rsa-1'))])).toEqual(['alice', 'alice'])
    for (let n = 0; n < 20; n++) expect(await ask(kid(`made-up-${n}`))).toBe('unverified')
    expect(asked()).toBe(1)
  })

  it.each([
    ['answers with an error', () => ({ status: 503, body: '' })],
    ['answers with something else', () => ({ status: 200, body: '<html>' })],
    ['answers without keys', () => ({ status: 200, body: '{}' })],
    ['hangs up', () => undefined],
  ])('refuse everybody while the issuer %s, and leave it alone for a while', async (_name, broken) => {
    let answer: () => { status: number; body: string } | undefined = broken
    const { ask, asked, clock } = await issuer(() => answer())
    expect(await ask(kid('rsa-1'))).toBe('failed')
    const tries = asked()
    answer = () => published
    clock.seconds += 4
    expect(await ask(kid('rsa-1'))).toBe('failed')
    expect(asked()).toBe(tries)
    clock.seconds += 1
    expect(await ask(kid('rsa-1'))).toBe('alice')
  })

  it('do not stop the known ones while an unknown one is asked for', async () => {
    const { ask } = await issuer(() => published)
    expect(await ask(kid('rsa-1'))).toBe('alice')
    expect(await ask(kid('rsa-9'))).toBe('unverified')
    expect(await ask(kid('rsa-1'))).toBe('alice')
  })
})

function described(request: ReturnType<typeof requestOf>) {
  return {
    header: (name: string) => request.header(name),
    lines: (name: string) => request.lines(name),
    names: () => request.names(),
    peer: request.peer,
    claims: () => request.claims(),
    session: () => request.session(),
  }
}
