import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  Query,
  UnauthorizedException,
} from '@nestjs/common'
import { ScopedCache } from '@cacheado/core'
import { CacheScope } from '@cacheado/nestjs'
import { Billing, readInvoice, readLogin, readYear, Tokens } from 'example-saas'
import type { Claims } from 'example-saas'
import { Caller, Public } from './auth.guard.js'
import { InvoicesService } from './invoices.service.js'

@Controller()
export class BillingController {
  constructor(
    private readonly billing: Billing,
    private readonly invoices: InvoicesService,
    private readonly tokens: Tokens,
    private readonly cache: ScopedCache,
  ) {}

  @Public(true)
  @Post('login')
  @HttpCode(200)
  async login(@Body() body: unknown) {
    const login = readLogin(body)
    const claims = login && (await this.billing.authenticate(login.organization, login.user, login.password))
    if (!claims) throw new UnauthorizedException('Organization, user and password do not belong together')
    return { token: await this.tokens.issue(claims) }
  }

  // Global: one entry for everybody. `public` says that a request with a token may have it, too.
  @Public(true)
  @CacheScope('global', { ttl: '10m' })
  @Get('plans')
  @Header('Cache-Control', 'public, max-age=600')
  plans() {
    return this.billing.plans()
  }

  // User: an entry per person. The tag says what the answer is made of.
  @CacheScope('user', { ttl: '1m', tags: ['invoices'] })
  @Get('me')
  me(@Caller() caller: Claims) {
    return this.billing.dashboard(caller.org_id, caller.sub)
  }

  // Organization: colleagues share the report, nobody else does.
  @CacheScope('organization', { ttl: '10m', tags: ['invoices'] })
  @Get('reports/monthly')
  monthlyReport(@Caller() caller: Claims, @Query('year') year?: string) {
    return this.billing.monthlyReport(caller.org_id, readYear(year))
  }

  @Get('customers/top')
  topCustomers(@Caller() caller: Claims) {
    return this.invoices.topCustomers(caller.org_id, 5)
  }

  @Post('invoices')
  addInvoice(@Caller() caller: Claims, @Body() body: unknown) {
    const invoice = readInvoice(body)
    if (!invoice) throw new BadRequestException('customer, issuedOn, currency and amountCents are needed')
    return this.invoices.add(caller, invoice)
  }

  // What the cache did for the caller's organization and its people.
  @Get('stats')
  stats(@Caller() caller: Claims) {
    return this.cache.at('organization', { organization: caller.org_id }).stats()
  }
}
