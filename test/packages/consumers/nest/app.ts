// One application for NestJS 12 (ESM) and NestJS 11 (CommonJS, under Jest).
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { ScopedCache } from '@cacheado/core'
import { identityFrom } from '@cacheado/core/identity'
import { Cached, CacheadoModule, CacheScope, InvalidateScope } from '@cacheado/nestjs'
import { Controller, Get, Injectable, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

@Injectable()
class Reports {
  runs = 0

  @Cached({ name: 'report', scope: 'user', ttl: '10m' })
  async report(): Promise<number> {
    return ++this.runs
  }

  @InvalidateScope('user')
  async change(): Promise<void> {}
}

@Controller()
class ReportController {
  runs = 0

  constructor(
    private readonly reports: Reports,
    private readonly cache: ScopedCache,
  ) {}

  @CacheScope('user', { ttl: '1m' })
  @Get('route')
  route(): { run: number } {
    return { run: ++this.runs }
  }

  @Get('service')
  async service(): Promise<{ run: number; identity: string }> {
    return { run: await this.reports.report(), identity: JSON.stringify(this.cache.identity()) }
  }

  @Post('change')
  change(): Promise<void> {
    return this.reports.change()
  }
}

type WithHeaders = { headers: Record<string, string | undefined> }

@Module({
  imports: [
    CacheadoModule.forRootAsync({
      isGlobal: true,
      useFactory: () => ({
        scopes: { user: 'global' },
        identity: identityFrom({ user: (request) => (request as WithHeaders).headers['x-user'] }),
        ttl: '5m',
      }),
    }),
  ],
  controllers: [ReportController],
  providers: [Reports],
})
class AppModule {}

export async function useNest(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false })
  await app.listen(0, '127.0.0.1')
  const url = await app.getUrl()
  const ask = async (user: string, path: string, method = 'GET') => {
    const response = await fetch(url + path, { method, headers: { 'x-user': user } })
    return response.text()
  }
  try {
    assert.equal(await ask('ann', '/route'), '{"run":1}')
    assert.equal(await ask('ann', '/route'), '{"run":1}')
    assert.equal(await ask('bob', '/route'), '{"run":2}')
    assert.match(await ask('ann', '/service'), /"run":1,"identity":".*ann/)
    assert.match(await ask('ann', '/service'), /"run":1/)
    assert.match(await ask('bob', '/service'), /"run":2/)
    await ask('ann', '/change', 'POST')
    assert.equal(await ask('ann', '/route'), '{"run":3}')
    assert.match(await ask('ann', '/service'), /"run":3/)
    assert.match(await ask('bob', '/service'), /"run":2/)
  } finally {
    await app.close()
  }
}
