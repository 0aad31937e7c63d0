import 'reflect-metadata'
import { Test } from '@nestjs/testing'
import { ScopedCache } from '@cacheado/core'
import { Billing, Tokens } from 'example-saas'
import { billingApiContract } from '../../saas/test/billing-api-contract.js'
import { AppModule } from '../src/app.module.js'

billingApiContract('NestJS', async (billing, tokens) => {
  const testing = Test.createTestingModule({ imports: [AppModule] })
  const module = await testing
    .overrideProvider(Billing)
    .useValue(billing)
    .overrideProvider(Tokens)
    .useValue(tokens)
    .compile()
  const app = module.createNestApplication({ logger: ['error', 'warn'] })
  await app.listen(0, '127.0.0.1')
  return {
    url: await app.getUrl(),
    clearCache: () => app.get(ScopedCache).clear(),
    close: () => app.close(),
  }
})
