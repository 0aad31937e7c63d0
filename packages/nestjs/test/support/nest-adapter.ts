import 'reflect-metadata'
import {
  Controller,
  Get,
  Post,
  Req,
  Res,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { CacheadoModule, CacheScope, RequestCache } from '@cacheado/nestjs'
import type { Request, Response } from 'express'
import {
  callerOf,
  claimsOf,
  type Adapter,
  type Answer,
  type ApplicationSpec,
  type RouteSpec,
} from '../../../../test/adapters/application.js'

type Authenticated = Request & { auth?: Record<string, string> | undefined }

/** Nest on Express, with the adapters' contract in view. */
export const nestAdapter: Adapter = {
  name: 'NestJS on Express',
  async start({ cache, identity, routes }: ApplicationSpec) {
    class Application {}
    const imports = [CacheadoModule.forRoot({ cache, identity })]
    const app = await NestFactory.create(
      { module: Application, imports, controllers: routes.map(controllerOf) },
      { logger: false },
    )
    app.useGlobalFilters({
      catch(error: Error, host: ArgumentsHost) {
        const response = host.switchToHttp().getResponse<Response>()
        response.status(500).json({ error: error.message })
      },
    })
    await app.listen(0, '127.0.0.1')
    return {
      url: await app.getUrl(),
      async close() {
        ;(app.getHttpServer() as { closeAllConnections(): void }).closeAllConnections()
        await app.close()
      },
    }
  },
}

class Authentication implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Authenticated>()
    request.auth = claimsOf(request.headers.authorization)
    return true
  }
}

function controllerOf({ method = 'get', path, options, handler }: RouteSpec): Type {
  const { scope = 'global', ...rest } = options ?? {}

  @UseGuards(Authentication)
  @Controller()
  class RouteController {
    async answer(@Req() request: Authenticated, @Res() response: Response, @RequestCache() cache: RequestCache) {
      const ask = {
        who: callerOf(request.auth),
        url: request.originalUrl,
        cache,
        header: (name: string) => request.get(name),
      }
      try {
        await send(response, await handler(ask))
      } catch (error) {
        if (!response.headersSent) throw error
        response.destroy(error as Error)
      }
    }
  }
  Object.defineProperty(RouteController, 'name', { value: `Route${path.replaceAll(/\W/g, '_')}${method}` })
  const decorators = [(method === 'post' ? Post : Get)(path), ...(options ? [CacheScope(scope, rest)] : [])]
  for (const decorate of decorators) {
    const descriptor = Object.getOwnPropertyDescriptor(RouteController.prototype, 'answer') as PropertyDescriptor
    decorate(RouteController.prototype, 'answer', descriptor)
  }
  return RouteController
}

async function send(response: Response, { status = 200, headers = [], body = '', chunks }: Answer): Promise<void> {
  response.status(status)
  for (const [name, value] of headers) response.append(name, value)
  if (chunks === undefined) return void response.end(body)
  for await (const chunk of chunks) response.write(chunk)
  response.end()
}
