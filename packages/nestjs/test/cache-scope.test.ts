import {
  Catch,
  Controller,
  Get,
  Head,
  Header,
  HttpCode,
  HttpException,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Put,
  Query,
  Redirect,
  Req,
  Res,
  Scope,
  StreamableFile,
  UseFilters,
  UseInterceptors,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common'
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core'
import { ScopedCache } from '@cacheado/core'
import { claim, identityFrom } from '@cacheado/core/identity'
import { manualClock } from '@cacheado/core/testing'
import { CacheadoModule, CacheInterceptor, CacheScope, getCacheToken, RequestCache } from '@cacheado/nestjs'
import type { Request, Response } from 'express'
import { Readable } from 'node:stream'
import { map, of, tap } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { AuthGuard, identity, latch, scopes, start, startCached, type Started } from './support/application.js'

type User = { org: string; sub: string }
type Authenticated = Request & { user: User }

let runs: string[] = []
beforeEach(() => {
  runs = []
})
const ran = (what: string) => `${what}:${runs.push(what)}`

@Controller()
class SharingController {
  @CacheScope('user', { ttl: '1m' })
  @Get('me')
  me(@Req() { user }: Authenticated) {
    return { who: `${user.org}/${user.sub}`, run: ran('me') }
  }

  @CacheScope('organization', { ttl: '1m' })
  @Get('team')
  team(@Req() { user }: Authenticated) {
    return { team: user.org, run: ran('team') }
  }

  @CacheScope('global', { ttl: '1m', credentials: 'ignore' })
  @Get('plans')
  plans() {
    return { run: ran('plans') }
  }

  @Get('uncached')
  uncached() {
    return { run: ran('uncached') }
  }

  @Put('me')
  put() {}
}

describe('a response with @CacheScope', () => {
  let app: Started
  beforeEach(async () => {
    app = await startCached({ controllers: [SharingController] })
  })

  it('is kept for each user', async () => {
    const [first, again, other] = [
      await app.ask('acme/ann', '/me'),
      await app.ask('acme/ann', '/me'),
      await app.ask('acme/bob', '/me'),
    ]
    expect(first.hit).toBe(false)
    expect(again).toMatchObject({ status: 200, body: first.body, hit: true })
    expect(other).toMatchObject({ body: '{"who":"acme/bob","run":"me:2"}', hit: false })
  })

  it('is shared within an organization and by nobody else', async () => {
    await app.ask('acme/ann', '/team')
    expect(await app.ask('acme/bob', '/team')).toMatchObject({ hit: true, body: '{"team":"acme","run":"team:1"}' })
    expect(await app.ask('globex/ann', '/team')).toMatchObject({ hit: false, body: '{"team":"globex","run":"team:2"}' })
  })

  it('is shared by all where the scope is global', async () => {
    await app.ask('acme/ann', '/plans')
    expect(await app.ask('globex/bob', '/plans')).toMatchObject({ hit: true, body: '{"run":"plans:1"}' })
  })

  it('leaves other handlers of the controller alone', async () => {
    await app.ask('acme/ann', '/uncached')
    const again = await app.ask('acme/ann', '/uncached')
    expect(again.body).toBe('{"run":"uncached:2"}')
    expect(again.headers.has('cache-status')).toBe(false)
  })

  it('runs its guards on every hit, and gives no hit to whom they refuse', async () => {
    await app.ask('acme/ann', '/team')
    await app.ask('acme/bob', '/team')
    expect(AuthGuard.asked).toBe(2)
    AuthGuard.banned.add('acme/bob')
    expect(await app.ask('acme/bob', '/team')).toMatchObject({ status: 401, hit: false })
    expect(await app.ask('', '/team')).toMatchObject({ status: 401, hit: false })
    expect(await app.ask('acme/ann', '/team')).toMatchObject({ status: 200, hit: true })
    expect(runs).toEqual(['team'])
  })

  it('answers a conditional request with 304, and HEAD from a stored GET', async () => {
    const { headers } = await app.ask('acme/ann', '/me')
    const etag = headers.get('etag') as string
    expect(await app.ask('acme/ann', '/me', { headers: { 'if-none-match': etag } })).toMatchObject({
      status: 304,
      body: '',
    })
    const head = await app.ask('acme/ann', '/me', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '', hit: true })
    expect(head.headers.get('etag')).toBe(etag)
    expect(runs).toEqual(['me'])
  })

  it('is forgotten when its caller writes to its URL', async () => {
    await app.ask('acme/ann', '/me')
    await app.ask('acme/bob', '/me')
    expect(await app.ask('acme/ann', '/me', { method: 'PUT' })).toMatchObject({ status: 200 })
    expect(await app.ask('acme/ann', '/me')).toMatchObject({ hit: false })
    expect(await app.ask('acme/bob', '/me')).toMatchObject({ hit: true })
  })

  it('is private downstream', async () => {
    const { headers } = await app.ask('acme/ann', '/me')
    expect(headers.get('cache-control')).toMatch(/private/)
    expect((await app.ask('acme/ann', '/me')).headers.get('cache-control')).toBe(headers.get('cache-control'))
  })
})

describe('two applications in one process', () => {
  it('have their own responses for the same controller', async () => {
    const [one, other] = [
      await startCached({ controllers: [SharingController] }),
      await startCached({ controllers: [SharingController] }),
    ]
    expect((await one.ask('acme/ann', '/team')).body).toContain('team:1')
    expect((await other.ask('acme/ann', '/team')).body).toContain('team:2')
    await one.app.get(ScopedCache).clear()
    expect(await one.ask('acme/ann', '/team')).toMatchObject({ hit: false })
    expect(await other.ask('acme/ann', '/team')).toMatchObject({ hit: true })
  })
})

describe('a named cache', () => {
  @Controller()
  class NamedController {
    @CacheScope('user', { ttl: '1m', cache: 'responses' })
    @Get('named')
    named(@RequestCache('responses') cache: RequestCache) {
      cache.tags('named')
      return { run: ran('named') }
    }
  }

  it('keeps the responses of the handlers that name it', async () => {
    const imports = [CacheadoModule.forRoot({ name: 'responses', scopes, identity })]
    const { app, ask } = await startCached({ imports, controllers: [NamedController, SharingController] })
    await ask('acme/ann', '/named')
    await app.get(ScopedCache).clear()
    expect(await ask('acme/ann', '/named')).toMatchObject({ hit: true })
    const responses = app.get<ScopedCache>(getCacheToken('responses'))
    await responses.at('user', { organization: 'acme', user: 'ann' }).invalidateTags(['named'])
    expect(await ask('acme/ann', '/named')).toMatchObject({ hit: false })
    await ask('acme/ann', '/me')
    await responses.clear()
    expect(await ask('acme/ann', '/me')).toMatchObject({ hit: true })
  })

  it('may have levels that no other has', async () => {
    @Controller()
    class TenantController {
      @CacheScope('tenant', { ttl: '1m', cache: 'tenants' })
      @Get('tenant')
      tenant() {
        return { run: ran('tenant') }
      }
    }
    const tenants = { name: 'tenants', scopes: { tenant: 'global' }, identity: identityFrom({ tenant: claim('org') }) }
    const imports = [CacheadoModule.forRoot(tenants)]
    const { ask } = await startCached({ imports, controllers: [TenantController] })
    await ask('acme/ann', '/tenant')
    expect(await ask('acme/bob', '/tenant')).toMatchObject({ hit: true })
    expect(await ask('globex/ann', '/tenant')).toMatchObject({ hit: false })
  })
})

describe('a controller that is made for each request', () => {
  @Controller({ scope: Scope.REQUEST })
  class PerRequestController {
    constructor() {
      ran('constructor')
    }

    @CacheScope('user', { ttl: '1m' })
    @Get('per-request')
    perRequest() {
      return { run: ran('handler') }
    }
  }

  it('is cached like any other', async () => {
    const app = await startCached({ controllers: [PerRequestController] })
    await app.ask('acme/ann', '/per-request')
    expect(await app.ask('acme/ann', '/per-request')).toMatchObject({ hit: true })
    expect(runs.filter((what) => what === 'handler')).toHaveLength(1)
  })
})

describe('middlewares around the application', () => {
  it('see a hit as it was sent, and may have put their own methods on the response', async () => {
    const seen: unknown[] = []
    const errors: unknown[] = []
    const app = await startCached(
      {
        controllers: [SharingController],
        providers: [{ provide: APP_FILTER, useValue: { catch: (error: unknown) => errors.push(error) } }],
      },
      {},
      (nest) =>
        nest.use((_: Request, response: Response, next: () => void) => {
          const { send } = response
          response.send = (body?: unknown) => send.call(response, body)
          response.on('finish', () => seen.push(response.statusCode))
          next()
        }),
    )
    const { headers } = await app.ask('acme/ann', '/me')
    await app.ask('acme/ann', '/me', { headers: { 'if-none-match': headers.get('etag') as string } })
    await app.ask('acme/ann', '/me')
    expect(seen).toEqual([200, 304, 200])
    expect(errors).toEqual([])
    expect(runs).toEqual(['me'])
  })
})

describe('concurrent equal requests', () => {
  const gate = { current: latch() }

  @Controller()
  class SlowController {
    @CacheScope('organization', { ttl: '1m' })
    @Get('slow')
    async slow() {
      const run = ran('slow')
      await gate.current.opened
      return { run }
    }
  }

  it('run the handler once', async () => {
    gate.current = latch()
    const app = await startCached({ controllers: [SlowController] })
    const asked = Array.from({ length: 30 }, (_, n) => app.ask(`acme/u${n}`, '/slow'))
    while (AuthGuard.asked < 30) await new Promise((resolve) => setImmediate(resolve))
    gate.current.open()
    const answers = await Promise.all(asked)
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['{"run":"slow:1"}']))
    expect(runs).toEqual(['slow'])
  })
})

@Controller()
class ShapesController {
  @CacheScope('user', { ttl: '1m', statuses: [203] })
  @Get('code')
  @HttpCode(203)
  @Header('X-Total', '42')
  @Header('Content-Type', 'text/csv')
  code() {
    return ran('a,b')
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('native')
  native(@Res() response: Response) {
    response.setHeader('X-Native', 'yes')
    response.status(200).send(ran('native'))
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('passthrough')
  passthrough(@Res({ passthrough: true }) response: Response) {
    response.setHeader('X-Passed', 'yes')
    return { run: ran('passthrough') }
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('nothing/:what')
  nothing(@Param('what') what: string) {
    ran(what)
    return what === 'null' ? null : undefined
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('rx')
  rx() {
    return of({ run: ran('rx') })
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('file')
  file() {
    ran('file')
    return new StreamableFile(Readable.from(['one ', 'two ', 'three']), {
      type: 'text/plain',
      disposition: 'attachment; filename="a.txt"',
    })
  }

  @CacheScope('user', { ttl: '1m', statuses: [301] })
  @Get('moved')
  @Redirect('/elsewhere', 301)
  moved() {
    ran('moved')
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('cookie')
  cookie(@Res({ passthrough: true }) response: Response) {
    response.cookie('sid', runs.length)
    return { run: ran('cookie') }
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('no-store')
  @Header('Cache-Control', 'no-store')
  noStore() {
    return { run: ran('no-store') }
  }

  @CacheScope('user', { ttl: '1m' })
  @Head('head')
  head() {
    ran('head')
  }

  @CacheScope('user', { ttl: '1m' })
  @Post('post')
  post() {
    return { run: ran('post') }
  }

  @CacheScope('user', {
    ttl: '1m',
    key: ({ query }: Request) => String(query['page']),
    tags: ({ query }: Request) => [`page:${String(query['page'])}`],
  })
  @Get('keyed')
  keyed(@Query('page') page: string) {
    return { page, run: ran('keyed') }
  }

  @CacheScope('user', { ttl: '1m' })
  @Get('decides')
  decides(@RequestCache() cache: RequestCache, @Query('skip') skip?: string) {
    cache.tags('decided')
    if (skip !== undefined) cache.skip()
    return { run: ran('decides') }
  }

  @Post('forget')
  @HttpCode(200)
  async forget(@RequestCache() cache: RequestCache) {
    return cache.at('user').invalidateTags(['decided'])
  }
}

describe('whatever a handler answers', () => {
  let app: Started
  beforeEach(async () => {
    app = await startCached({ controllers: [ShapesController] })
  })

  const twice = async (path: string) => [await app.ask('acme/ann', path), await app.ask('acme/ann', path)] as const

  it('keeps @HttpCode and @Header on a hit', async () => {
    const [miss, hit] = await twice('/code')
    expect(hit).toMatchObject({ status: 203, hit: true, body: 'a,b:1' })
    expect(miss.status).toBe(203)
    expect(hit.headers.get('x-total')).toBe('42')
    expect(hit.headers.get('content-type')).toBe(miss.headers.get('content-type'))
  })

  it.each([
    ['/native', 'x-native'],
    ['/passthrough', 'x-passed'],
  ])('replays what is written to @Res(): %s', async (path, header) => {
    const [miss, hit] = await twice(path)
    expect(hit).toMatchObject({ status: 200, hit: true, body: miss.body })
    expect(hit.headers.get(header)).toBe('yes')
    expect(hit.headers.get('content-type')).toBe(miss.headers.get('content-type'))
    expect(runs).toHaveLength(1)
  })

  it.each(['/nothing/null', '/nothing/undefined', '/rx'])('replays results of every kind: %s', async (path) => {
    const [miss, hit] = await twice(path)
    expect(hit).toMatchObject({ status: 200, hit: true, body: miss.body })
    expect(runs).toHaveLength(1)
  })

  it('records a StreamableFile while it streams', async () => {
    const [miss, hit] = await twice('/file')
    expect(miss.body).toBe('one two three')
    expect(hit).toMatchObject({ hit: true, body: 'one two three' })
    expect(hit.headers.get('content-disposition')).toBe('attachment; filename="a.txt"')
    expect(runs).toEqual(['file'])
  })

  it('replays a redirect', async () => {
    const [, hit] = await twice('/moved')
    expect(hit).toMatchObject({ status: 301, hit: true })
    expect(hit.headers.get('location')).toBe('/elsewhere')
    expect(runs).toEqual(['moved'])
  })

  it('never keeps what sets a cookie, which its own client still gets', async () => {
    const [miss, again] = await twice('/cookie')
    expect(miss.headers.get('set-cookie')).toMatch(/sid=0/)
    expect(again.headers.get('set-cookie')).toMatch(/sid=1/)
    expect(runs).toHaveLength(2)
  })

  it.each(['/no-store', '/post', '/head'])('keeps nothing of %s', async (path) => {
    const method = path === '/post' ? 'POST' : path === '/head' ? 'HEAD' : 'GET'
    await app.ask('acme/ann', path, { method })
    expect((await app.ask('acme/ann', path, { method })).hit).toBe(false)
    expect(runs).toHaveLength(2)
  })

  it("gives the options' functions the request of Express", async () => {
    await app.ask('acme/ann', '/keyed?page=1&utm=a')
    expect(await app.ask('acme/ann', '/keyed?page=1&utm=b')).toMatchObject({ hit: true })
    expect(await app.ask('acme/ann', '/keyed?page=2')).toMatchObject({ hit: false })
  })

  it('gives the handler the cache of its caller with @RequestCache()', async () => {
    expect((await twice('/decides?skip'))[1].hit).toBe(false)
    expect((await twice('/decides'))[1].hit).toBe(true)
    expect(await app.ask('acme/bob', '/forget', { method: 'POST' })).toMatchObject({ status: 200 })
    expect((await app.ask('acme/ann', '/decides')).hit).toBe(true)
    await app.ask('acme/ann', '/forget', { method: 'POST' })
    expect((await app.ask('acme/ann', '/decides')).hit).toBe(false)
  })
})

describe('a handler that throws', () => {
  class Teapot extends Error {}

  @Catch(Teapot)
  class TeapotFilter implements ExceptionFilter {
    catch(error: Teapot, host: ArgumentsHost) {
      const response = host.switchToHttp().getResponse<Response>()
      response.status(200).json({ caught: error.message, by: 'filter', same: error === thrown.at(-1) })
    }
  }

  const thrown: Error[] = []

  @Controller()
  class ThrowingController {
    @CacheScope('user', { ttl: '1m', statuses: [400, 404] })
    @Get('fails/:id')
    fails(@Param('id', ParseIntPipe) id: number) {
      ran('fails')
      throw new HttpException({ id }, 404)
    }

    @CacheScope('user', { ttl: '1m' })
    @UseFilters(TeapotFilter)
    @Get('teapot')
    teapot() {
      ran('teapot')
      const error = new Teapot('short and stout')
      thrown.push(error)
      throw error
    }

    @CacheScope('user', { ttl: '1m', staleIfError: '1h' })
    @Get('shaky')
    shaky() {
      if (runs.length > 0) throw new BadGateway()
      return { run: ran('shaky') }
    }
  }

  class BadGateway extends HttpException {
    constructor() {
      super('bad gateway', 502)
    }
  }

  it('reaches its exception filter unchanged, and nothing the filter writes is kept', async () => {
    const app = await startCached({ controllers: [ThrowingController] })
    for (const { body, hit, status } of [await app.ask('acme/ann', '/teapot'), await app.ask('acme/ann', '/teapot')]) {
      expect([status, hit, JSON.parse(body)]).toEqual([
        200,
        false,
        { caught: 'short and stout', by: 'filter', same: true },
      ])
    }
    expect(runs).toHaveLength(2)
  })

  it('keeps neither errors of the handler nor of its pipes', async () => {
    const app = await startCached({ controllers: [ThrowingController] })
    for (const path of ['/fails/7', '/fails/x', '/fails/7', '/fails/x']) {
      const { status, hit } = await app.ask('acme/ann', path)
      expect([status, hit]).toEqual([path === '/fails/7' ? 404 : 400, false])
    }
    expect(runs).toHaveLength(2)
  })

  it('is answered with the stale response within staleIfError', async () => {
    const clock = manualClock()
    const app = await startCached({ controllers: [ThrowingController] }, { clock })
    await app.ask('acme/ann', '/shaky')
    clock.advance(61_000)
    expect(await app.ask('acme/ann', '/shaky')).toMatchObject({ status: 200, body: '{"run":"shaky:1"}' })
  })
})

describe('other interceptors', () => {
  @Injectable()
  class Wrapping implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler) {
      ran('controller interceptor')
      return next.handle().pipe(map((data: { items: unknown }) => ({ data: data.items })))
    }
  }

  const completed: unknown[] = []

  @Injectable()
  class Global implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      const response = context.switchToHttp().getResponse<Response>()
      const complete = () => {
        completed.push('complete')
        response.setHeader('X-Global', String(completed.length))
      }
      const error = (thrown: unknown) => completed.push(thrown)
      return next.handle().pipe(tap({ complete, error }))
    }
  }

  @UseInterceptors(Wrapping)
  @Controller()
  class WrappedController {
    @UseInterceptors(Wrapping)
    @Get('uncached')
    uncached() {
      return { items: { items: ran('uncached') } }
    }

    @CacheScope('user', { ttl: '1m' })
    @Get('wrapped')
    wrapped() {
      return { items: ran('handler') }
    }
  }

  @Injectable()
  class Breaking implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(map((data: { items: unknown }) => ({ data: data.items })))
    }
  }

  it('of the controller belong to what is stored', async () => {
    const app = await startCached({ controllers: [WrappedController] })
    expect(await app.ask('acme/ann', '/wrapped')).toMatchObject({ body: '{"data":"handler:2"}' })
    expect(await app.ask('acme/ann', '/wrapped')).toMatchObject({ body: '{"data":"handler:2"}', hit: true })
    expect(runs).toEqual(['controller interceptor', 'handler'])
  })

  it('that are global run to their end on a hit, and may still set headers there', async () => {
    const failures: unknown[] = []
    const app = await startCached({
      controllers: [WrappedController],
      providers: [
        { provide: APP_INTERCEPTOR, useClass: Global },
        { provide: APP_FILTER, useValue: { catch: (error: unknown) => failures.push(error) } },
      ],
    })
    await app.ask('acme/ann', '/wrapped')
    const { hit, headers } = await app.ask('acme/ann', '/wrapped')
    expect(hit).toBe(true)
    expect(completed).toEqual(['complete', 'complete'])
    expect(headers.get('x-global')).toBe('1')
    expect(failures).toEqual([])
  })

  it('that are global and cannot bear `undefined` do not spoil a hit', async () => {
    const app = await startCached({
      controllers: [WrappedController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Breaking }],
    })
    const miss = await app.ask('acme/ann', '/wrapped')
    expect(await app.ask('acme/ann', '/wrapped')).toMatchObject({ hit: true, status: 200, body: miss.body })
  })
})

describe('@CacheScope on a controller', () => {
  @CacheScope('user', { ttl: '1m' })
  @Controller()
  class WholeController {
    @Get('one')
    one() {
      return { run: ran('one') }
    }

    @CacheScope('organization', { ttl: '1m' })
    @Get('two')
    two() {
      return { run: ran('two') }
    }
  }

  abstract class Resource {
    @CacheScope('user', { ttl: '1m' })
    @Get()
    list() {
      return { of: this.constructor.name, run: ran('list') }
    }
  }

  @Controller({ path: 'things', version: '1' })
  class ThingsV1 extends Resource {}

  @Controller({ path: 'things', version: '2' })
  class ThingsV2 extends Resource {}

  it('holds for its handlers, unless they say otherwise', async () => {
    const app = await startCached({ controllers: [WholeController] })
    for (const path of ['/one', '/two']) await app.ask('acme/ann', path)
    expect((await app.ask('acme/ann', '/one')).hit).toBe(true)
    expect((await app.ask('acme/bob', '/one')).hit).toBe(false)
    expect((await app.ask('acme/bob', '/two')).hit).toBe(true)
  })

  it('is intercepted once, however many of its handlers are cached', () => {
    expect(Reflect.getMetadata('__interceptors__', SharingController)).toEqual([CacheInterceptor])
    expect(Reflect.getMetadata('__interceptors__', ThingsV1)).toEqual([CacheInterceptor])
  })

  it('is about handlers, not about other methods', async () => {
    @CacheScope('user')
    @Controller()
    class HelpedController {
      @Get('helped')
      helped() {
        return this.help()
      }

      help() {
        return ran('help')
      }
    }
    const empty = await startCached({})
    const helped = await startCached({ controllers: [HelpedController] })
    const [before, after] = [empty, helped].map(({ app }) => app.get(ScopedCache).stats().namespaces)
    expect(after).toBe((before as number) + 1)
  })

  it('keeps apart the versions of an API that share URL and inherited handler', async () => {
    const versioned = (app: INestApplication) =>
      app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' })
    const app = await startCached({ controllers: [ThingsV1, ThingsV2] }, {}, versioned)
    const ask = (version: string) => app.ask('acme/ann', '/things', { headers: { 'X-Version': version } })
    expect((await ask('1')).body).toBe('{"of":"ThingsV1","run":"list:1"}')
    expect((await ask('2')).body).toBe('{"of":"ThingsV2","run":"list:2"}')
    expect(await ask('1')).toMatchObject({ hit: true, body: '{"of":"ThingsV1","run":"list:1"}' })
    expect(await ask('2')).toMatchObject({ hit: true, body: '{"of":"ThingsV2","run":"list:2"}' })
  })

  it('works behind a global prefix, for routes that are excluded from it too', async () => {
    const prefixed = (app: INestApplication) => app.setGlobalPrefix('api', { exclude: ['two'] })
    const app = await startCached({ controllers: [WholeController] }, {}, prefixed)
    for (const path of ['/api/one', '/two']) {
      await app.ask('acme/ann', path)
      expect(await app.ask('acme/ann', path)).toMatchObject({ status: 200, hit: true })
    }
  })
})

describe('a caller who cannot be placed', () => {
  it('is answered by the handler each time', async () => {
    const imports = [CacheadoModule.forRoot({ scopes })]
    const app = await start({ imports, controllers: [OpenController] })
    await app.ask('', '/open')
    expect(await app.ask('', '/open')).toMatchObject({ status: 200, hit: false, body: '{"run":"open:2"}' })
  })

  @Controller()
  class OpenController {
    @CacheScope('user', { ttl: '1m' })
    @Get('open')
    open() {
      return { run: ran('open') }
    }
  }
})
