import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  Sse,
  type ExecutionContext,
  type MessageEvent,
} from '@nestjs/common'
import { ExternalContextCreator } from '@nestjs/core'
import { Test } from '@nestjs/testing'
import { CacheError, createCache, ScopedCache } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { Cached, CacheadoModule, CacheInterceptor, CacheScope, getCacheToken, InvalidateScope } from '@cacheado/nestjs'
import session from 'express-session'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastValueFrom, of, type Observable } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { ask, identity, latch, scopes, start, startCached } from './support/application.js'

let runs: string[] = []
beforeEach(() => {
  runs = []
})
const ran = (what: string) => `${what}:${runs.push(what)}`

@Controller()
class MeController {
  @CacheScope('user', { ttl: '1m' })
  @Get('me')
  me() {
    return ran('me')
  }
}

@Injectable()
class Settings {
  readonly ttl = '3m'
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe('CacheadoModule', () => {
  it('runs on the NestJS that is meant', async () => {
    const workspace = fileURLToPath(new URL('../../../node_modules', import.meta.url))
    const failure = await start({ imports: [undefined as never] }).then(String, (error: Error) => error.stack)
    expect(failure).toContain(join(process.env['NESTJS_FOLDER'] ?? workspace, '@nestjs/core'))
  })

  it('takes its options from a factory', async () => {
    const cacheado = CacheadoModule.forRootAsync({
      isGlobal: true,
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async ({ ttl }: Settings) => ({ scopes, identity, ttl: ttl as '3m', statusName: 'edge' }),
    })
    const app = await start({ imports: [cacheado], controllers: [MeController], providers: [] })
    const answer = await app.ask('acme/ann', '/me')
    expect(answer.headers.get('cache-status')).toMatch(/^edge; fwd=bypass/)
    expect(app.app.get(ScopedCache)).toBeInstanceOf(ScopedCache)
  })

  it('injects its cache where it is imported, and everywhere if it is global', async () => {
    @Injectable()
    class Needs {
      constructor(readonly cache: ScopedCache) {}
    }
    @Module({ providers: [Needs] })
    class Feature {}
    const compile = (isGlobal: boolean) =>
      Test.createTestingModule({ imports: [CacheadoModule.forRoot({ isGlobal, scopes }), Feature] }).compile()
    await expect(compile(false)).rejects.toThrow(/ScopedCache/)
    const module = await compile(true)
    expect(module.get(Needs, { strict: false }).cache).toBe(module.get(ScopedCache, { strict: false }))
  })

  it('gives a named cache its own token', async () => {
    const imports = [CacheadoModule.forRoot({ scopes }), CacheadoModule.forRoot({ name: 'reports', scopes })]
    const module = await Test.createTestingModule({ imports }).compile()
    const [one, reports] = [
      module.get(ScopedCache, { strict: false }),
      module.get(getCacheToken('reports'), { strict: false }),
    ]
    expect(reports).toBeInstanceOf(ScopedCache)
    expect(reports).not.toBe(one)
    expect(getCacheToken()).toBe(ScopedCache)
  })

  it('does not mind providers of any other kind', async () => {
    const values = [Object.create(null) as object, () => 1, 7, null, { constructor: 'none' }]
    const providers = values.map((useValue, at) => ({ provide: `value ${at}`, useValue }))
    await expect(startCached({ providers })).resolves.toBeDefined()
  })

  it('lets a test put another cache in its place', async () => {
    const cache = createCache({ scopes })
    const imports = [CacheadoModule.forRoot({ scopes, identity })]
    const module = await Test.createTestingModule({ imports, controllers: [MeController] })
      .overrideProvider(ScopedCache)
      .useValue(cache)
      .compile()
    const app = module.createNestApplication({ logger: false })
    await app.listen(0, '127.0.0.1')
    await ask(`${await app.getUrl()}/me`, '')
    expect(cache.stats().bypasses).toBe(1)
    await app.close()
  })

  it('lets a test take response caching out', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheadoModule.forRoot({ scopes, identity })],
      controllers: [MeController],
    })
      .overrideInterceptor(CacheInterceptor)
      .useValue({ intercept: (_: ExecutionContext, next: { handle(): Observable<unknown> }) => next.handle() })
      .compile()
    const app = module.createNestApplication({ logger: false })
    await app.listen(0, '127.0.0.1')
    expect((await ask(`${await app.getUrl()}/me`, '')).headers.has('cache-status')).toBe(false)
    await app.close()
  })

  it.each([
    ['an option that does not exist', { tll: '1m' }],
    ['a bad option of the cache', { ttl: 0 }],
    ['a bad option about requests', { identityHeaders: ['not a name'] }],
    ['an identity that places an undeclared level', { identity: identityFrom({ tenant: claim('t') }) }],
    ['what is no cache', { cache: {} }],
    ['options beside a cache', { cache: createCache(), ttl: '1m' }],
  ])('refuses %s at the start', async (_, options) => {
    const imports = [CacheadoModule.forRoot(options as never)]
    await expect(start({ imports })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
  })
})

describe('what is wrong with a decorator shows at the start', () => {
  function controller(decorate: MethodDecorator) {
    @Controller()
    class Wrong {
      @decorate
      @Get('wrong')
      async wrong() {
        return 'wrong'
      }
    }
    return Wrong
  }

  it.each([
    ['@CacheScope', CacheScope('tenant'), 'ERR_CACHE_SCOPE'],
    ['@CacheScope', CacheScope('user', { ttl: '1 minute' as never }), 'ERR_CACHE_CONFIG'],
    ['@CacheScope', CacheScope('user', { name: ' ' }), 'ERR_CACHE_CONFIG'],
    ['@Cached', Cached({ scope: 'tenant' }), 'ERR_CACHE_CONFIG'],
    ['@Cached', Cached({ scope: 'user', ttl: -1 }), 'ERR_CACHE_CONFIG'],
    ['@InvalidateScope', InvalidateScope('tenant'), 'ERR_CACHE_SCOPE'],
  ])('%s: case %#', async (_, decorate, code) => {
    await expect(startCached({ controllers: [controller(decorate as MethodDecorator)] })).rejects.toMatchObject({
      code,
    })
  })

  it('routes of two controllers with one name', async () => {
    const controllers = [controller(CacheScope('user')), controller(CacheScope('user'))]
    await expect(startCached({ controllers })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
    const named = [controller(CacheScope('user', { name: 'one' })), controller(CacheScope('user', { name: 'other' }))]
    await expect(startCached({ controllers: named })).resolves.toBeDefined()
  })

  it('a route without the module, on its first request', async () => {
    const app = await start({ controllers: [MeController] })
    expect(await app.ask('acme/ann', '/me')).toMatchObject({ status: 500 })
    expect(runs).toEqual([])
  })
})

describe('closing an application', () => {
  const gate = { current: latch() }

  @Injectable()
  class Slow {
    @Cached({ scope: 'organization' })
    async load() {
      ran('load')
      await gate.current.opened
      return 'loaded'
    }

    @InvalidateScope('organization')
    async change() {
      await gate.current.opened
    }
  }

  @Controller()
  class SlowController {
    constructor(private readonly slow: Slow) {}

    @Get('slow')
    load() {
      return this.slow.load()
    }

    @Post('change')
    async change() {
      ran('change')
      await this.slow.change()
    }
  }

  it('closes its cache after the requests under way have been answered', async () => {
    gate.current = latch()
    const { app, ask } = await startCached({ controllers: [SlowController], providers: [Slow] })
    const cache = app.get(ScopedCache)
    const [loading, changing] = [ask('acme/ann', '/slow'), ask('globex/bob', '/change', { method: 'POST' })]
    while (runs.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const closing = app.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(cache.health().status).toBe('ok')
    gate.current.open()
    expect(await loading).toMatchObject({ status: 200, body: 'loaded' })
    expect(await changing).toMatchObject({ status: 201 })
    await closing
    expect(cache.health().status).toBe('closed')
  })

  it('leaves open a cache that it was given', async () => {
    const cache = createCache({ scopes })
    const { app } = await start({ imports: [CacheadoModule.forRoot({ cache })] })
    await app.close()
    expect(cache.health().status).toBe('ok')
  })
})

describe('what is not HTTP', () => {
  @CacheScope('user', { ttl: '1m' })
  @Injectable()
  class Resolver {
    constructor(readonly cache: ScopedCache) {}

    @CacheScope('user', { ttl: '1m' })
    resolve(): Observable<string> {
      return of(ran('resolve'))
    }
  }

  it.each(['graphql', 'rpc', 'ws'])('passes: %s', async (kind) => {
    const { app } = await startCached({ providers: [Resolver] })
    const resolver = app.get(Resolver)
    const creator = app.get(ExternalContextCreator)
    const handler = creator.create(
      resolver,
      resolver.resolve,
      'resolve',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      kind,
    ) as (...args: unknown[]) => Promise<unknown>
    const call = async () => {
      const result = await handler({}, { input: 1 }, {}, {})
      return result instanceof Object ? lastValueFrom(result as Observable<unknown>) : result
    }
    expect([await call(), await call()]).toEqual(['resolve:1', 'resolve:2'])
  })
})

describe('server-sent events', () => {
  @CacheScope('user', { ttl: '1m' })
  @Controller()
  class EventsController {
    @Sse('events')
    events(): Observable<MessageEvent> {
      return of({ data: ran('event') }, { data: 'end' })
    }
  }

  it('are sent as they come and never kept', async () => {
    const { ask } = await startCached({ controllers: [EventsController] })
    for (const run of [1, 2]) {
      const answer = await ask('acme/ann', '/events')
      expect(answer).toMatchObject({ status: 200, hit: false })
      expect(answer.body).toContain(`data: event:${run}`)
      expect(answer.body).toContain('data: end')
    }
  })
})

describe('sessions', () => {
  it('that set their cookie when the head is written keep the response out of the cache', async () => {
    const { ask } = await startCached({ controllers: [MeController] }, {}, (app) =>
      app.use(session({ secret: 's', resave: false, saveUninitialized: true })),
    )
    for (const run of [1, 2]) {
      const answer = await ask('acme/ann', '/me')
      expect(answer).toMatchObject({ body: `me:${run}`, hit: false })
      expect(answer.headers.get('set-cookie')).toMatch(/connect.sid/)
    }
  })
})

describe('an identity that takes time to find', () => {
  it('and shows a mistake of the application fails the request', async () => {
    const mistaken = async () => {
      throw new CacheError('ERR_CACHE_CONFIG', 'jose: expected to be installed')
    }
    const imports = [CacheadoModule.forRoot({ scopes, identity: mistaken })]
    const { ask } = await start({ imports, controllers: [MeController] })
    expect(await ask('', '/me')).toMatchObject({ status: 500 })
    expect(runs).toEqual([])
  })

  it('is waited for, in the interceptor and in services', async () => {
    const slow = identityFrom({
      organization: async (request: { headers: Record<string, string> }) => {
        await new Promise((resolve) => setImmediate(resolve))
        return request.headers['x-org']
      },
    })
    @Controller()
    class OrganizationController {
      constructor(private readonly cache: ScopedCache) {}

      @CacheScope('organization', { ttl: '1m' })
      @Get('who')
      who() {
        return { run: ran('who'), identity: this.cache.identity() }
      }
    }
    const imports = [CacheadoModule.forRoot({ scopes, identity: slow })]
    const { ask } = await start({ imports, controllers: [OrganizationController] })
    const as = (org: string) => ask('', '/who', { headers: { 'x-org': org } })
    expect((await as('acme')).body).toBe('{"run":"who:1","identity":{"organization":"acme"}}')
    expect((await as('globex')).body).toBe('{"run":"who:2","identity":{"organization":"globex"}}')
    expect(await as('acme')).toMatchObject({ hit: true, body: '{"run":"who:1","identity":{"organization":"acme"}}' })
  })
})
