import { configError } from '../cache-error.js'
import { type Clock, systemClock } from '../clock.js'
import { type Duration, milliseconds } from '../duration.js'
import { checkedKeys, type JwtKeys, type KeySource } from './jwt-keys.js'

const HMAC = ['HS256', 'HS384', 'HS512'] as const
const PUBLIC_KEY = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

/** Signature algorithms of RFC 7518 §3.1, RFC 8037 and RFC 9864 that {@link verifiedJwt} knows; `none` is not one. */
export type JwtAlgorithm = (typeof HMAC)[number] | (typeof PUBLIC_KEY)[number]

/** What a token must be to count. */
export interface JwtChecks {
  /** The algorithms a token may be signed with: all HMAC (`HS…`) or all of public keys, never both. */
  readonly algorithms: readonly JwtAlgorithm[]
  /** Who must have issued it (`iss`); one of several. Default: not checked, except that `jwksUri` requires it. */
  readonly issuer?: string | readonly string[] | undefined
  /** Whom it must be meant for (`aud`); one of several. Default: a token that names an audience is refused (RFC 7519 §4.1.3). */
  readonly audience?: string | readonly string[] | undefined
  /** The media type its header must have (`at+jwt`, RFC 9068 §2.1), against tokens of another purpose. Default: any. */
  readonly typ?: string | undefined
  /** How far clocks may differ when `exp` and `nbf` are checked, at most `'60s'`. Default: 0. */
  readonly leeway?: Duration | undefined
  /**
   * The header that carries it: in `authorization` after the word `Bearer`, in any other header
   * (`cf-access-jwt-assertion`) alone. Default: `authorization`.
   */
  readonly header?: string | undefined
  /** Where time comes from. Default: the platform's clocks. */
  readonly clock?: Clock | undefined
}

/** Options of {@link verifiedJwt}: what a token must be, and exactly one of the ways to have the key. */
export type VerifiedJwtOptions = JwtChecks & JwtKeys

/** The options, checked. */
export interface JwtRules {
  readonly algorithms: string[]
  readonly keys: KeySource
  readonly issuer: string[] | undefined
  readonly audience: string[] | undefined
  readonly typ: string | undefined
  readonly leewaySeconds: number
  readonly header: string
  readonly clock: Clock
}

const MAX_LEEWAY = 60_000

/** @throws CacheError `ERR_CACHE_CONFIG` for whatever would make a token count that should not, or none ever */
export function jwtRules(options: VerifiedJwtOptions): JwtRules {
  if (typeof options !== 'object' || options === null) throw configError('verifiedJwt', 'options')
  const { algorithms, symmetric } = checkedAlgorithms(options.algorithms)
  const leeway = milliseconds(options.leeway ?? 0, 'verifiedJwt.leeway')
  if (leeway > MAX_LEEWAY) throw configError('verifiedJwt.leeway', 'at most 60 seconds')
  const issuer = names(options.issuer, 'verifiedJwt.issuer')
  const keys = checkedKeys(options, symmetric ? algorithms : undefined)
  if (keys.kind === 'jwksUri' && issuer === undefined) {
    // One key set can sign for many issuers (Microsoft Entra ID: for every tenant there is).
    throw configError('verifiedJwt.issuer', 'the issuer of the tokens, where the keys come from jwksUri')
  }
  return {
    algorithms,
    keys,
    issuer,
    audience: names(options.audience, 'verifiedJwt.audience'),
    typ: names(options.typ, 'verifiedJwt.typ')?.[0],
    leewaySeconds: leeway / 1000,
    header: options.header ?? 'authorization',
    clock: options.clock ?? systemClock,
  }
}

function checkedAlgorithms(algorithms: readonly string[]): { algorithms: string[]; symmetric: boolean } {
  const list: unknown[] = Array.isArray(algorithms) ? algorithms : []
  const hmac = list.filter((algorithm) => (HMAC as readonly unknown[]).includes(algorithm))
  const publicKey = list.filter((algorithm) => (PUBLIC_KEY as readonly unknown[]).includes(algorithm))
  if (list.length === 0 || hmac.length + publicKey.length !== list.length) {
    throw configError('verifiedJwt.algorithms', `some of ${[...HMAC, ...PUBLIC_KEY].join(', ')}`)
  }
  // With both, a token signed by HMAC with the public key as its secret would verify.
  if (hmac.length > 0 && publicKey.length > 0) {
    throw configError('verifiedJwt.algorithms', 'either HMAC algorithms or those of public keys, not both')
  }
  return { algorithms: list as string[], symmetric: hmac.length > 0 }
}

function names(value: unknown, option: string): string[] | undefined {
  if (value === undefined) return undefined
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || !list.every((name) => typeof name === 'string' && name !== '')) {
    throw configError(option, 'a text, or a list of texts')
  }
  return [...list] as string[]
}
