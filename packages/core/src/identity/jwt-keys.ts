import { configError } from '../cache-error.js'

/** A public key: PEM text (`PUBLIC KEY` or `CERTIFICATE`), a JWK, a `CryptoKey` or a Node `KeyObject`. */
export type PublicKey = string | { readonly kty: string } | { readonly type: string }

/** The ways to have the keys that {@link verifiedJwt} verifies with. */
export type JwtKeys =
  /** For `HS…`: at least as many bytes as the hash has (32, 48, 64; RFC 7518 §3.2). Text is taken as UTF-8. */
  | { readonly secret: string | Uint8Array }
  /** One public key. */
  | { readonly key: PublicKey }
  /** A set of public keys, chosen from by a token's `kid` and algorithm. */
  | { readonly jwks: { readonly keys: readonly { readonly kty?: string | undefined }[] } }
  /** Where the issuer publishes that set: https (http only to this machine). */
  | { readonly jwksUri: string | URL; readonly issuer: string | readonly string[] }

/**
 * The keys, checked and copied: a JWK or a secret that is changed later changes nothing. No type of `jose` stands
 * here, since an application without it compiles against these declarations too.
 */
export type KeySource =
  | { readonly kind: 'secret'; readonly secret: Uint8Array }
  | { readonly kind: 'pem'; readonly pem: string }
  | { readonly kind: 'key'; readonly key: { readonly kty: string } | { readonly type: string } }
  | { readonly kind: 'jwks'; readonly jwks: { readonly keys: { readonly kty: string }[] } }
  | { readonly kind: 'jwksUri'; readonly uri: URL }

const PEM = /^-----BEGIN (PUBLIC KEY|CERTIFICATE)-----\s[A-Za-z0-9+/=\s]+-----END \1-----$/
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const SECRET_PARTS = ['d', 'k', 'priv'] as const

/**
 * Checks the key material.
 *
 * @param hmac the HMAC algorithms, or `undefined` where the algorithms are those of public keys
 * @throws CacheError `ERR_CACHE_CONFIG` for none or several, and for a kind that does not suit the algorithms
 */
export function checkedKeys(options: object, hmac: readonly string[] | undefined): KeySource {
  const given = options as { secret?: unknown; key?: unknown; jwks?: unknown; jwksUri?: unknown }
  const kinds = (['secret', 'key', 'jwks', 'jwksUri'] as const).filter((kind) => given[kind] !== undefined)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) throw configError('verifiedJwt', 'one of secret, key, jwks, jwksUri')
  if ((kind === 'secret') !== (hmac !== undefined)) {
    throw configError(`verifiedJwt.${kind}`, 'a secret for HMAC algorithms, and public keys for all others')
  }
  if (hmac !== undefined) return { kind: 'secret', secret: checkedSecret(given.secret, hmac) }
  if (kind === 'jwks') return { kind, jwks: checkedSet(given.jwks) }
  return kind === 'jwksUri' ? { kind, uri: checkedUri(given.jwksUri) } : checkedKey(given.key)
}

function checkedSecret(secret: unknown, algorithms: readonly string[]): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  const least = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2)) / 8))
  if (!isBytes(bytes) || bytes.byteLength < least) {
    throw configError(
      'verifiedJwt.secret',
      `text or bytes, at least ${least} bytes for these algorithms (RFC 7518 §3.2)`,
    )
  }
  if (typeof secret === 'string' && secret.includes('-----BEGIN')) {
    throw configError('verifiedJwt.secret', 'a secret: this is a key in PEM, whose public half everybody may know')
  }
  return Uint8Array.from(bytes)
}

function checkedKey(key: unknown): KeySource {
  if (typeof key === 'string') {
    const pem = key.trim()
    if (PEM.test(pem)) return { kind: 'pem', pem }
  } else if (isPublicJwk(key)) {
    return { kind: 'key', key: { ...key } }
  } else if (isObject(key) && key['type'] === 'public') {
    return { kind: 'key', key: key as { readonly type: string } }
  }
  throw configError(
    'verifiedJwt.key',
    'a public key: PEM (PUBLIC KEY or CERTIFICATE), a JWK, a CryptoKey or a KeyObject',
  )
}

function checkedSet(jwks: unknown): { keys: { kty: string }[] } {
  const keys: unknown = isObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isPublicJwk)) {
    throw configError('verifiedJwt.jwks', 'a JSON Web Key Set of public keys')
  }
  return { keys: keys.map((key) => ({ ...key })) }
}

function checkedUri(uri: unknown): URL {
  const text = String(uri)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))) return url
  throw configError('verifiedJwt.jwksUri', 'an https URL (http only to this machine)')
}

function isPublicJwk(value: unknown): value is { readonly kty: string } {
  if (!isObject(value) || typeof value['kty'] !== 'string' || value['kty'] === 'oct') return false
  return SECRET_PARTS.every((part) => value[part] === undefined)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
}
