import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Clock } from '../../src/clock.js'

/** The moment the tests play at, in seconds since the epoch. */
export const NOW = 1_900_000_000

/** A clock that a test moves. */
export class TestClock implements Clock {
  seconds = NOW
  now = () => this.seconds * 1000
  wall = () => this.seconds * 1000
  after = () => () => undefined
}

export const SECRET = 'a secret of thirty-two bytes, at the least'
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ed25519 = generateKeyPairSync('ed25519')
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export const rsaPem = pemOf(rsa.publicKey)

/** What an issuer publishes. */
export const JWKS = {
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-1', alg: 'RS256', use: 'sig' },
    { ...ed25519.publicKey.export({ format: 'jwk' }), kid: 'ed-1', alg: 'EdDSA', use: 'sig' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'enc-1', alg: 'ES256', use: 'enc' },
  ] as { kty?: string; kid: string; alg?: string; use?: string }[],
}

export function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

export type Sign = (input: string) => Buffer

export const hmac =
  (secret: string, hash = 'sha256'): Sign =>
  (input) =>
    createHmac(hash, secret).update(input).digest()
export const rs256 =
  (key: KeyObject): Sign =>
  (input) =>
    sign('sha256', Buffer.from(input), key)
export const eddsa =
  (key: KeyObject): Sign =>
  (input) =>
    sign(null, Buffer.from(input), key)
export const es256 =
  (key: KeyObject): Sign =>
  (input) =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })

/** A token written by hand, so that it can say what no library would sign. */
export function token(header: object, payload: object | string, signer: Sign): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const input = `${base64(JSON.stringify(header))}.${base64(text)}`
  return `${input}.${signer(input).toString('base64url')}`
}

/** An HS256 token of the tests' own issuer, valid for an hour; `undefined` takes a claim away. */
export function hs256(claims: Readonly<Record<string, unknown>> = {}, secret = SECRET): string {
  return token({ alg: 'HS256', typ: 'JWT' }, { ...ALICE, ...claims }, hmac(secret))
}

export const ALICE = { iss: 'https://id.test/', aud: 'shop', sub: 'alice', org_id: 'acme', exp: NOW + 3600 }

function base64(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** A self-signed certificate (P-256), and a token its private key signed before it was thrown away. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUXNzLw73KjQYZLLba8dWJ6wj6qqYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxODE1NDNaGA8yMTI2MTAyOTE4MTU0
M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGbP
h55LrOOwqsKu5s2LOw3Y3nITBJppS3g10ZGcsRGUfC19vRvcY0JKgqWNleL3mwP3
M6fcIR1crLCuAZv8nK+jUzBRMB0GA1UdDgQWBBRT874YhO8JslDlOEokvFdo9st9
hDAfBgNVHSMEGDAWgBRT874YhO8JslDlOEokvFdo9st9hDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDia/xz8P50PUP5RBbF9nV1MtF4SobO3w5r
oxLTDR+o/AIhALTWwePhJpq9rfv+7NrE8cbG69h/pDD1ffKkH9P8OH6h
-----END CERTIFICATE-----`
export const CERTIFIED =
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImF1ZCI6InNob3AiLCJleHAiOjE5MDAwMDM2MDB9.iODqwOUrYCRED-0bac' +
  'oQlyw9qg1OghRfeGGQ-DKUbCpxQGTe_SvmLMyHKxiIWHWbAc8mtB1CtQ4mx038quIHPw'
