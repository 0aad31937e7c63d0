import { Controller, Get, Header, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common'
import { CacheScope } from '@cacheado/nestjs'
import { take, timeout } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { latch, startCached } from './support/application.js'

let runs = 0
let held: Promise<void> | undefined

@Controller()
class ReportController {
  @CacheScope('organization', { ttl: '1m' })
  @Header('Cache-Control', 'max-age=60')
  @Get('report')
  async report() {
    runs++
    await held
    return `report ${runs}`
  }
}

describe('an interceptor around the one that caches', () => {
  it('that loses patience answers with an error, which is not stored', async () => {
    const impatient: NestInterceptor = {
      intercept: (_: ExecutionContext, next: CallHandler) => next.handle().pipe(held ? timeout(20) : take(1)),
    }
    const app = await startCached({ controllers: [ReportController] }, {}, (nest) =>
      nest.useGlobalInterceptors(impatient),
    )
    const never = latch()
    held = never.opened
    expect((await app.ask('acme/alice', '/report')).status).toBe(500)
    held = undefined
    never.open()
    const answers = [await app.ask('acme/alice', '/report'), await app.ask('acme/alice', '/report')]
    expect(answers.map(({ body, hit }) => [body, hit])).toEqual([
      ['report 2', false],
      ['report 2', true],
    ])
  })
})
