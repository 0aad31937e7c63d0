import type { RequestHandler } from 'express'
import { bearerToken } from 'example-saas'
import type { Claims, Tokens } from 'example-saas'

declare global {
  namespace Express {
    interface Request {
      /** The verified claims of the caller; set behind `authenticate`. */
      auth: Claims
    }
  }
}

/** Answers 401 unless the request brings a token of ours; behind it, `req.auth` says who asks. */
export function authenticate(tokens: Tokens): RequestHandler {
  return async (req, res, next) => {
    try {
      req.auth = await tokens.verify(bearerToken(req.headers.authorization) ?? '')
    } catch {
      res.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'A valid access token is needed' })
      return
    }
    next()
  }
}
