import type { Engine } from '../engine.js'
import type { BoundRoute } from './bound-route.js'

/** The routes of each cache that have answered anything yet: those that can hold something. */
const routes = new WeakMap<Engine, Set<BoundRoute>>()

export function registerRoute(route: BoundRoute): void {
  const known = routes.get(route.engine)
  if (known) known.add(route)
  else routes.set(route.engine, new Set([route]))
}

export function routesOf(engine: Engine): Iterable<BoundRoute> {
  return routes.get(engine) ?? []
}
