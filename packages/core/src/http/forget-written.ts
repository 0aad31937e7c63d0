import type { BoundRoute } from './bound-route.js'
import { writtenTargets } from './decide/written-targets.js'
import type { HttpRequest } from './http-request.js'
import type { RequestContext } from './request-context.js'
import type { Known } from './request-identity.js'
import { baseKey } from './response-keys.js'
import { routesOf } from './route-registry.js'
import type { HeaderFields } from './syntax/header-fields.js'

const NOBODY: Readonly<Record<string, string>> = {}

/**
 * Forgets what a writing request has changed: the responses of its URLs in the caller's own scope and in those above it on
 * its path, in each of them exactly; never another tenant's, never another user's.
 */
export function forgetWritten(context: RequestContext, status: number, fields: HeaderFields): void {
  const { request, identity, settings } = context
  const targets = writtenTargets(request, status, fields)
  if (targets.length === 0) return
  const known = identity.ask()
  const forget = (now: Known) => {
    const ids = now.status === 'known' ? now.ids : NOBODY
    for (const route of routesOf(settings.engine)) forgetIn(route, ids, request, targets)
  }
  if (known instanceof Promise) settings.engine.background.add(known.then(forget))
  else forget(known)
}

function forgetIn(
  route: BoundRoute,
  ids: Readonly<Record<string, string>>,
  request: HttpRequest,
  targets: readonly string[],
): void {
  const { engine, space, level, plan } = route
  // What stands for the URL of such a route only its own requests tell.
  if (plan.key !== undefined) return
  const levels = plan.sharesAnonymous ? [level, engine.forest.root] : [level]
  for (const { name, path } of levels) {
    if (!path.every((step) => ids[step.name] !== undefined)) continue
    const place = engine.place(space, name, ids)
    for (const target of targets) {
      const key = baseKey(route, request.host, target)
      if (key !== undefined) place.delete(key)
    }
  }
}
