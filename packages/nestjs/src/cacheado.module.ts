import { Inject, Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common'
import type { NestModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common'
import { DiscoveryModule, DiscoveryService, MetadataScanner, type MiddlewareBuilder } from '@nestjs/core'
import { CacheError, createCache, type CacheOptions, type ScopedCache } from '@cacheado/core'
import { ContextDefinition, type ContextOptions } from '@cacheado/core/http'
import { bindDecorated, type Binding } from './bind-decorated.js'
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

const BINDING = Symbol('cacheado.binding')
const OPTIONS = Symbol('cacheado.options')

/**
 * Makes the application's cache, injects it by its class `ScopedCache`, tells it who asks in every HTTP request, and closes it
 * when the server has stopped. A bad option fails the start with `ERR_CACHE_CONFIG`.
 *
 * @example
 * ```ts
 * CacheadoModule.forRoot({ isGlobal: true, scopes, identity, ttl: '5m' })
 * CacheadoModule.forRootAsync({ isGlobal: true, inject: [ConfigService], useFactory: (config: ConfigService) => ({ … }) })
 * ```
 */
@Module({})
export class CacheadoModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  static forRoot({ isGlobal, name, ...options }: CacheadoModuleOptions & CacheadoModuleShape): DynamicModule {
    return CacheadoModule.forRootAsync({ isGlobal, name, useFactory: () => options })
  }

  static forRootAsync({ isGlobal, name, imports, inject, useFactory }: CacheadoModuleAsyncOptions): DynamicModule {
    const token = getCacheToken(name)
    const providers = [
      { provide: OPTIONS, useFactory, inject: inject ?? [] },
      { provide: token, useFactory: cacheFrom, inject: [OPTIONS] },
      { provide: BINDING, useFactory: bindingFor(name), inject: [token, OPTIONS] },
    ]
    const module = { module: CacheadoModule, global: isGlobal === true }
    return { ...module, imports: [...(imports ?? []), DiscoveryModule], providers, exports: [token] }
  }

  constructor(
    @Inject(BINDING) private readonly binding: Binding,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
  ) {}

  /** For every request of the server, whatever its path, and before all other middlewares of modules. */
  configure(consumer: MiddlewareBuilder): void {
    consumer.getHttpAdapter().use(cacheContext(this.binding))
  }

  onModuleInit(): void {
    bindDecorated(this.binding, this.discovery, this.scanner)
  }

  /** When the server has stopped: requests under way still had their cache. */
  async onApplicationShutdown(): Promise<void> {
    if (this.binding.isOwn) await this.binding.cache.close()
  }
}

function cacheFrom({ cache, identity, credentials, identityHeaders, statusName, ...own }: CacheadoModuleOptions): ScopedCache {
  const [surplus] = cache ? Object.keys(own) : []
  if (surplus) throw new CacheError('ERR_CACHE_CONFIG', `${surplus}: expected nothing, since cache has options of its own`)
  return cache ?? createCache(own)
}

function bindingFor(name: string | undefined) {
  return (cache: ScopedCache, { cache: given, ...options }: CacheadoModuleOptions): Binding => {
    const { identity, credentials, identityHeaders, statusName } = options
    const context = new ContextDefinition({ cache, identity, credentials, identityHeaders, name: statusName })
    return { cache, context, slot: slotOf(name), isOwn: given === undefined }
  }
}
