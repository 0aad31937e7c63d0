import { Inject, Module, type NestModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import type { DynamicModule, FactoryProvider, ModuleMetadata, Type } from '@nestjs/common'
import { DiscoveryModule, DiscoveryService, MetadataScanner, type MiddlewareBuilder } from '@nestjs/core'
import { CacheError, createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import { ContextDefinition, type ContextOptions, type RequestContext } from '@cacheado/core/http'
import { boundMethods, type Method } from './bound-method.js'
import { routeOf } from './cache.interceptor.js'
import { getCacheToken, slotOf } from './cache-token.js'
import { cacheContext } from './request-context.js'

/** Options of {@link CacheadoModule}: those of `createCache`, and who asks. */
export interface CacheadoModuleOptions extends CacheOptions, Omit<ContextOptions, 'cache' | 'name'> {
  /** A cache that is there already: it keeps its own options, and whoever made it closes it. Default: a new one. */
  readonly cache?: ScopedCache | undefined
  /** What the cache is called in `Cache-Status` (RFC 9211). Default: `'cacheado'`. */
  readonly statusName?: string | undefined
}

/** What shapes {@link CacheadoModule} itself. */
export interface CacheadoModuleShape {
  /** Every module can use the cache without importing this one. Default: false. */
  readonly isGlobal?: boolean | undefined
  /** Names a further cache of the application; see {@link getCacheToken}. Default: none, the class is the token. */
  readonly name?: string | undefined
}

/** Options of `forRootAsync`: `useFactory` gets what `inject` lists and returns the module's options. */
export type CacheadoModuleAsyncOptions = CacheadoModuleShape &
  Pick<ModuleMetadata, 'imports'> &
  Pick<FactoryProvider<CacheadoModuleOptions>, 'inject' | 'useFactory'>

type Options = CacheadoModuleOptions
type Binding = ReturnType<ReturnType<typeof bindingFor>>
const BINDING = Symbol('cacheado.binding')
const OPTIONS = Symbol('cacheado.options')

/**
 * Makes the application's cache, injects it by its class `ScopedCache`, tells it who asks in every HTTP request, and closes it
 * when the server has stopped. What is wrong in its options or in a decorator fails the start with a `CacheError`.
 *
 * @example `CacheadoModule.forRootAsync({ isGlobal: true, inject: [Config], useFactory: (config: Config) => ({ … }) })`
 */
@Module({})
export class CacheadoModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  /** A cache with these options. */
  static forRoot({ isGlobal, name, ...options }: Options & CacheadoModuleShape): DynamicModule {
    return CacheadoModule.forRootAsync({ isGlobal, name, useFactory: () => options })
  }

  /** A cache with the options that a factory returns. */
  static forRootAsync({ isGlobal, name, imports, inject, useFactory }: CacheadoModuleAsyncOptions): DynamicModule {
    const token = getCacheToken(name)
    const providers = [
      { provide: OPTIONS, useFactory, inject: inject ?? [] },
      { provide: token, useFactory: cacheFrom, inject: [OPTIONS] },
      { provide: BINDING, useFactory: bindingFor(slotOf(name)), inject: [token, OPTIONS] },
    ]
    const module = { module: CacheadoModule, global: isGlobal === true }
    return { ...module, imports: [...(imports ?? []), DiscoveryModule], providers, exports: [token] }
  }

  constructor(
    @Inject(BINDING) private readonly binding: Binding,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
  ) {}

  /** For every request, whatever its path, and before the middlewares of other modules. */
  configure(consumer: MiddlewareBuilder): void {
    consumer.getHttpAdapter().use(cacheContext(this.binding.context, this.binding.slot))
  }

  /** Binds what is decorated in the application; instances that Nest did not make (`useFactory`) get their cache here. */
  onModuleInit(): void {
    const { cache, context, slot } = this.binding
    const owners = new Map<string, unknown>()
    const claim = (name: string, owner: unknown) => {
      if ((owners.get(name) ?? owner) === owner) return owners.set(name, owner)
      throw new CacheError('ERR_CACHE_CONFIG', `${name}: expected another name, since a second class has it`)
    }
    for (const { instance } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = Object.getPrototypeOf(Object(instance)) as Record<string, Method> | null
      const type = prototype?.constructor as unknown as Type
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method = prototype?.[name] as Method
        for (const bound of boundMethods(method, slot).map((bind) => bind(cache, type))) {
          if (bound.namespace) claim(bound.namespace.name, bound)
          if (!Reflect.has(instance as object, slot)) Reflect.set(instance as object, slot, cache)
        }
        const cached = routeOf(type, method)
        if (cached?.slot !== slot) continue
        claim(cached.route.plan.name, cached)
        cached.route.cacheFor({ settings: context.settingsOf(cache) } as RequestContext)
      }
    }
  }

  /** When the server has stopped: requests under way still had their cache. */
  async onApplicationShutdown(): Promise<void> {
    if (this.binding.isOwn) await this.binding.cache.close()
  }
}

function cacheFrom({ cache, identity, credentials, identityHeaders, statusName, ...own }: Options): ScopedCache {
  const [surplus] = cache ? Object.keys(own) : []
  if (!surplus) return cache ?? createCache(own)
  throw new CacheError('ERR_CACHE_CONFIG', `${surplus}: expected nothing, since cache has options of its own`)
}

function bindingFor(slot: symbol) {
  return (cache: ScopedCache, { cache: given, identity, credentials, identityHeaders, statusName }: Options) => {
    const context = new ContextDefinition({ cache, identity, credentials, identityHeaders, name: statusName })
    return { cache, context, slot, isOwn: given === undefined }
  }
}
