import type { Type } from '@nestjs/common'
import { Route, type RouteOptions } from '@cacheado/core/http'
import { slotOf } from './cache-token.js'
import { perPair } from './per-pair.js'

/** What `@CacheScope` leaves on a handler or a controller. */
export type DeclaredRoute = RouteOptions & { readonly cache?: string | undefined }

export const DECLARED_ROUTE = Symbol.for('cacheado.nestjs.route')

/** What Nest itself leaves on a handler. */
const PATH = 'path'

/**
 * The route of a handler whose responses are cached, else `null`. By controller, since several may inherit the handler; by
 * handler, since versions of an API may share its URL.
 */
export const routeOf = perPair((controller: Type, handler: { readonly name: string }) => {
  const own = Reflect.getOwnMetadata(DECLARED_ROUTE, handler) as DeclaredRoute | undefined
  const declared = own ?? (Reflect.getMetadata(DECLARED_ROUTE, controller) as DeclaredRoute | undefined)
  if (declared === undefined || !Reflect.hasOwnMetadata(PATH, handler)) return null
  const { cache, name = `route ${controller.name}`, ...options } = declared
  return { route: new Route({ ...options, name: own?.name ?? `${name}.${handler.name}` }), slot: slotOf(cache) }
})
