import { jwtVerify, SignJWT } from 'jose'

/** What a token says about its bearer, once its signature has been verified. */
export interface Claims {
  /** The user's id, unique inside the organization only. */
  sub: string
  /** The organization's id. */
  org_id: string
  role: string
}

/** Issuer and audience of every token of the example. */
export const tokenIssuer = 'https://billing.example'
export const tokenAudience = 'billing-api'

/** Signs and verifies access tokens (JWT, HS256, one hour). */
export class Tokens {
  readonly #key: Uint8Array

  /** @param secret At least 32 bytes; whoever knows it can be anybody. */
  constructor(readonly secret: string) {
    this.#key = new TextEncoder().encode(secret)
    if (this.#key.length < 32) throw new RangeError('The token secret needs at least 32 bytes')
  }

  issue(claims: Claims, lifetime = '1h'): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(tokenIssuer)
      .setAudience(tokenAudience)
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(this.#key)
  }

  /** Rejects unless the token is ours, unaltered and not expired. The algorithm is fixed here, never read from the token. */
  async verify(token: string): Promise<Claims> {
    const options = {
      algorithms: ['HS256'],
      issuer: tokenIssuer,
      audience: tokenAudience,
      requiredClaims: ['sub', 'exp'],
    }
    const { payload } = await jwtVerify<Claims>(token, this.#key, options)
    return { sub: payload.sub, org_id: payload.org_id, role: payload.role }
  }
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i)?.[1]
}
