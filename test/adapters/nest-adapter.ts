import 'reflect-metadata'
import { Readable } from 'node:stream'
import { CacheadoModule, CacheScope, RequestCache } from '@cacheado/nestjs'
import {
  Catch,
  Controller,
  Get,
  Module,
  Post,
  Req,
  Res,
  StreamableFile,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Request, Response } from 'express'
import {
  callerOf,
  claimsOf,
  type Adapter,
  type Answer,
  type ApplicationSpec,
  type Ask,
  type RouteSpec,
} from './application.js'

/** NestJS on Express: a guard authenticates, handlers return values. */
export const nestAdapter: Adapter = { name: 'NestJS', start }

async function start({ cache, identity, routes }: ApplicationSpec) {
  class TestModule {}
  Module({ imports: [CacheadoModule.forRoot({ cache, identity })], controllers: [controllerOf(routes)] })(TestModule)
  const app = await NestFactory.create(TestModule, { logger: false })
  app.useGlobalGuards(new AuthenticationGuard())
  app.useGlobalFilters(new EveryErrorFilter())
  await app.listen(0, '127.0.0.1')
  return {
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    async close() {
      ;(app.getHttpServer() as { closeAllConnections(): void }).closeAllConnections()
      await app.close()
    },
  }
}

class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>()
    Object.assign(request, { auth: claimsOf(request.headers.authorization) })
    return true
  }
}

class EveryErrorFilter implements ExceptionFilter<Error> {
  catch(error: Error, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>()
    if (response.headersSent) response.destroy(error)
    else response.status(500).json({ error: error.message })
  }
}
Catch()(EveryErrorFilter)

/** A controller with a method for each route, decorated by hand: the routes are known only when the test runs. */
function controllerOf(routes: readonly RouteSpec[]): Type {
  class TestController {}
  const { prototype } = TestController
  routes.forEach(({ method = 'get', path, options, handler }, at) => {
    const name = `handle${at}`
    const value = async (request: Request, response: Response, own: RequestCache) =>
      bodyOf(response, await handler(askOf(request, own)))
    Object.defineProperty(value, 'name', { value: name })
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
    Req()(prototype, name, 0)
    Res({ passthrough: true })(prototype, name, 1)
    RequestCache()(prototype, name, 2)
    ;(method === 'post' ? Post : Get)(path)(prototype, name, descriptor)
    if (options !== undefined) {
      const { scope, ...rest } = options
      CacheScope(scope, rest)(prototype, name, descriptor)
    }
  })
  Controller()(TestController)
  return TestController
}

function askOf(request: Request, cache: RequestCache): Ask {
  const { auth } = request as { auth?: Record<string, string> }
  return {
    who: callerOf(auth),
    url: request.originalUrl,
    cache,
    header: (name: string) => request.get(name),
  }
}

/** What the handler returns; status and headers are set as Nest's documentation does it, on a passed-through response. */
function bodyOf(response: Response, { status = 200, headers = [], body = '', chunks }: Answer): unknown {
  response.status(status)
  for (const [name, value] of headers) response.append(name, value)
  if (chunks !== undefined) return new StreamableFile(Readable.from(chunks, { objectMode: false }))
  return typeof body === 'string' ? body : new StreamableFile(body)
}
