import type { CryptoKey, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { CacheError } from '../cache-error.js'
import type { Clock } from '../clock.js'
import type { Claims, RefusalReason } from './identity-request.js'
import type { Finding } from './identity-source.js'
import type { KeySource } from './jwt-keys.js'
import type { JwtRules } from './jwt-options.js'

type Jose = typeof import('jose')

/** Verifies one token, now. */
export type JwtVerifier = (token: string) => Promise<Finding<Claims>>

/** What `jose` says of a token, as opposed to what it says of keys that could not be had or used. */
const TOKEN_FAULTS: ReadonlyMap<unknown, RefusalReason> = new Map([
  ['ERR_JWT_EXPIRED', 'expired'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'unverified'],
  ['ERR_JWT_INVALID', 'unverified'],
  ['ERR_JWS_INVALID', 'unverified'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'unverified'],
  ['ERR_JOSE_ALG_NOT_ALLOWED', 'unverified'],
  ['ERR_JOSE_NOT_SUPPORTED', 'unverified'],
  ['ERR_JWKS_NO_MATCHING_KEY', 'unverified'],
  ['ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'unverified'],
] as const)

/** How long a request may wait for an issuer's keys, in milliseconds. */
const JWKS_TIMEOUT = 2000
/** How long an issuer that could not be reached is left alone, in milliseconds: requests wait for it one at a time. */
const JWKS_PAUSE = 5000

/** @throws CacheError `ERR_CACHE_CONFIG` (rejects) where `jose` is not installed */
export async function createJwtVerifier(rules: JwtRules): Promise<JwtVerifier> {
  const jose = await loadJose()
  const keys = keyResolver(jose, rules.keys, rules.clock)
  const checks: JWTVerifyOptions = {
    algorithms: rules.algorithms,
    clockTolerance: rules.leewaySeconds,
    ...(rules.issuer !== undefined && { issuer: rules.issuer }),
    ...(rules.audience !== undefined && { audience: rules.audience }),
    ...(rules.typ !== undefined && { typ: rules.typ }),
  }
  return async (token) => {
    try {
      const { payload } = await jose.jwtVerify(token, keys, { ...checks, currentDate: new Date(rules.clock.wall()) })
      return isUnambiguous(payload, rules) ? { found: payload } : { refused: 'unverified' }
    } catch (error) {
      return { refused: TOKEN_FAULTS.get((error as { code?: unknown } | undefined)?.code) ?? 'failed' }
    }
  }
}

async function loadJose(): Promise<Jose> {
  try {
    return await import('jose')
  } catch (cause) {
    const expected = "verifiedJwt: expected the package 'jose' (version 6) to be installed beside @cacheado/core"
    throw new CacheError('ERR_CACHE_CONFIG', expected, { option: 'verifiedJwt', cause })
  }
}

/** What `jose` lets pass: no `exp`, one of `1e999` (Infinity, as JSON is read), an audience nobody here claims to be. */
function isUnambiguous(payload: JWTPayload, rules: JwtRules): boolean {
  if (!Number.isFinite(payload.exp) || !Number.isFinite(payload.nbf ?? 0)) return false
  return rules.audience !== undefined || !Object.hasOwn(payload, 'aud')
}

function keyResolver(jose: Jose, source: KeySource, clock: Clock): JWTVerifyGetKey {
  switch (source.kind) {
    case 'secret':
      return () => source.secret
    case 'key':
      return () => source.key
    case 'pem':
      return pemKeys(jose, source.pem)
    case 'jwks':
      return jose.createLocalJWKSet(source.jwks)
    case 'jwksUri':
      return remoteKeys(jose, source.uri, clock)
  }
}

/** The key of a PEM text for the algorithm a token names, which is one of the configured ones by then. */
function pemKeys(jose: Jose, pem: string): JWTVerifyGetKey {
  const imported = new Map<string, Promise<CryptoKey>>()
  const read = pem.startsWith('-----BEGIN CERTIFICATE') ? jose.importX509 : jose.importSPKI
  return ({ alg }) => {
    const key = imported.get(alg) ?? read(pem, alg)
    imported.set(alg, key)
    return key
  }
}

/** An issuer's key set: fetched when first needed, again every ten minutes and for an unknown `kid`, not in a storm. */
function remoteKeys(jose: Jose, uri: URL, clock: Clock): JWTVerifyGetKey {
  const set = jose.createRemoteJWKSet(uri, { timeoutDuration: JWKS_TIMEOUT })
  let pausedUntil = -Infinity
  return async (header, token) => {
    if (clock.now() < pausedUntil) throw new CacheError('ERR_CACHE_IDENTITY', "an issuer's keys could not be had")
    try {
      return await set(header, token)
    } catch (error) {
      if (!set.fresh) pausedUntil = clock.now() + JWKS_PAUSE
      throw error
    }
  }
}
