import type { NextFunction, Request, Response } from 'express'

/** What of an Express route takes another handler; the same in Express 4 and 5. */
interface AppendableRoute {
  all(handler: typeof errorOfRoute): unknown
}

const noted = new WeakSet<object>()

/**
 * Notes the errors that handlers of this request's route throw or pass on: what error middlewares answer then is no response
 * of the route, whatever its status and the headers that were set before (rule R-25). Express tells them to nobody but error
 * handlers that stand behind, so the route gets one as its last, once.
 */
export function noteErrors(request: object): void {
  const { route } = request as { readonly route?: AppendableRoute }
  if (route === undefined || noted.has(route)) return
  noted.add(route)
  route.all(errorOfRoute)
}

/** Express knows an error handler by its four parameters. */
export function errorOfRoute(error: unknown, request: Request, _response: Response, next: NextFunction): void {
  request.cache?.skip()
  next(error)
}
