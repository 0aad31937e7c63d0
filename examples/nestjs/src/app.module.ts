import { randomBytes } from 'node:crypto'
import { Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { CacheadoModule } from '@cacheado/nestjs'
import { Billing, openBilling, Tokens } from 'example-saas'
import { AuthGuard } from './auth.guard.js'
import { BillingController } from './billing.controller.js'
import { identity, scopes } from './cache.js'
import { InvoicesService } from './invoices.service.js'

@Module({
  imports: [
    // Once: which cache, and who asks.
    CacheadoModule.forRootAsync({
      isGlobal: true,
      useFactory: () => ({ scopes, identity, ttl: '5m', memory: { maxEntries: 10_000, maxBytes: '64mb' } }),
    }),
  ],
  controllers: [BillingController],
  providers: [
    InvoicesService,
    { provide: Billing, useFactory: () => openBilling() },
    { provide: Tokens, useFactory: () => new Tokens(process.env.JWT_SECRET ?? randomBytes(32).toString('base64url')) },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
})
export class AppModule {}
