import type { RequestCache } from '@cacheado/core/http'
import type { NextFunction, Request, Response } from 'express'

declare global {
  namespace Express {
    interface Request {
      /** The caller's own cache, behind `cacheContext` or `cacheMiddleware`. */
      cache: RequestCache
    }
  }
}

/** A middleware that leaves open what the route's parameters, query and bodies are: the next handler's types survive it. */
export type ExpressMiddleware = <
  Params,
  ResponseBody,
  RequestBody,
  Query,
  Locals extends Record<string, unknown> = Record<string, unknown>,
>(
  request: Request<Params, ResponseBody, RequestBody, Query, Locals>,
  response: Response<ResponseBody, Locals>,
  next: NextFunction,
) => void
