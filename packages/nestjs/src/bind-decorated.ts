import type { Type } from '@nestjs/common'
import type { DiscoveryService, MetadataScanner } from '@nestjs/core'
import { CacheError, type ScopedCache } from '@cacheado/core'
import type { ContextDefinition, RequestContext } from '@cacheado/core/http'
import { boundMethods, type Method } from './bound-method.js'
import { routeOf } from './cached-route.js'

/** A cache of the application; its own where the module made it. */
export interface Binding {
  readonly cache: ScopedCache
  readonly context: ContextDefinition
  readonly slot: symbol
  readonly isOwn: boolean
}

/**
 * Binds what is decorated anywhere in the application, so that mistakes show when it starts. Instances that Nest did not make
 * itself (`useFactory`, `useValue`) get their cache here.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` for a bad option or a name used twice, `ERR_CACHE_SCOPE` for an undeclared level
 */
export function bindDecorated(binding: Binding, discovery: DiscoveryService, scanner: MetadataScanner): void {
  const { cache, context, slot } = binding
  const owners = new Map<string, unknown>()
  const claim = (name: string, owner: unknown) => {
    const taken = (owners.get(name) ?? owner) !== owner
    if (taken) throw new CacheError('ERR_CACHE_CONFIG', `${name}: expected another name, since a second class has it`)
    owners.set(name, owner)
  }
  for (const { instance } of [...discovery.getProviders(), ...discovery.getControllers()] as { instance: unknown }[]) {
    const type = (instance as object | null | undefined)?.constructor as Type<Record<string, Method>>
    if (typeof instance !== 'object' || instance === null || typeof type !== 'function') continue
    for (const method of scanner.getAllMethodNames(type.prototype).map((name) => type.prototype[name] as Method)) {
      for (const bound of boundMethods(method, slot).map((bind) => bind(cache, type))) {
        if (bound.namespace) claim(bound.namespace.name, bound)
        if (!Reflect.has(instance, slot)) Reflect.set(instance, slot, cache)
      }
      const cached = routeOf(type, method)
      if (cached?.slot !== slot) continue
      claim(cached.route.plan.name, cached)
      cached.route.cacheFor({ settings: context.settingsOf(cache) } as RequestContext)
    }
  }
}
