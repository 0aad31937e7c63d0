import 'reflect-metadata'
import { CacheadoModule, CacheScope } from '@cacheado/nestjs'
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager'
import { Controller, Get, Module, UseInterceptors } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { identity, scopes } from '../identity.js'
import { CALLER, report } from '../payload.js'

const VARIANTS = {
  bare: () => ({ imports: [], decorators: [] }),
  CacheInterceptor: () => ({
    imports: [CacheModule.register({ ttl: 3_600_000 })],
    decorators: [UseInterceptors(CacheInterceptor)],
  }),
  'cacheado, global': () => cached('global'),
  'cacheado, user': () => cached('user'),
}

function cached(scope) {
  return { imports: [CacheadoModule.forRoot({ scopes, identity, ttl: '1h' })], decorators: [CacheScope(scope)] }
}

export async function nestServer(variant, { onHandled }) {
  const { imports, decorators } = VARIANTS[variant]()

  class ReportController {
    report() {
      onHandled()
      return report()
    }
  }
  class AppModule {}

  // What a TypeScript application writes above its classes.
  const descriptor = Object.getOwnPropertyDescriptor(ReportController.prototype, 'report')
  for (const decorate of [...decorators, Get('report')]) decorate(ReportController.prototype, 'report', descriptor)
  Controller()(ReportController)
  Module({ imports, controllers: [ReportController] })(AppModule)

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
  app.useGlobalGuards({
    canActivate(context) {
      context.switchToHttp().getRequest().user = CALLER
      return true
    },
  })
  await app.listen(0, '127.0.0.1')
  return app.getHttpServer().address().port
}
