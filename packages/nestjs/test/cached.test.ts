import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
  type CanActivate,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { createCache, fromArguments, ScopedCache } from '@cacheado/core'
import { CacheadoModule, Cached, CachedSync, getCacheToken, InvalidateScope } from '@cacheado/nestjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { identity, latch, scopes, start, startCached } from './support/application.js'

let runs: string[] = []
beforeEach(() => {
  runs = []
})
const ran = (what: string) => `${what}:${runs.push(what)}`
const ann = { organization: 'acme', user: 'ann' }
const bob = { organization: 'acme', user: 'bob' }

@Injectable()
class Invoices {
  @Cached({ scope: 'organization', ttl: '10m', tags: ['invoices'] })
  async find(month: string): Promise<string> {
    return ran(`find ${month}`)
  }

  @Cached({ scope: 'user' })
  async mine(): Promise<string | null> {
    ran('mine')
    return null
  }

  @CachedSync({ scope: 'global' })
  sum(a: number, b: number): number {
    ran('sum')
    return a + b
  }

  @Cached({ scope: 'organization', key: (id: string, _locale: string) => id })
  async named(id: string, _locale: string): Promise<string> {
    return ran(`named ${id}`)
  }

  @Cached({ scope: 'organization', identity: fromArguments })
  async of(who: { organization: string }): Promise<string> {
    return ran(`of ${who.organization}`)
  }

  async viaSelf(): Promise<string> {
    return this.find('2026-11')
  }

  @InvalidateScope('organization')
  async change(fails = false): Promise<string> {
    ran('change')
    if (fails) throw new TypeError('not saved')
    return 'changed'
  }

  @InvalidateScope('organization', { tags: ['invoices'] })
  async changeTagged(): Promise<void> {}

  @InvalidateScope('organization', { tags: (month: string) => [`month ${month}`] })
  async changeMonth(_month: string): Promise<void> {}

  @InvalidateScope('user', { of: (user: string) => ({ user }) })
  async changeUser(_user: string): Promise<void> {}

  @InvalidateScope('organization', { when: (result: boolean, really: boolean) => result && really })
  async changeMaybe(really: boolean): Promise<boolean> {
    return really
  }
}

@Controller()
class InvoicesController {
  constructor(private readonly invoices: Invoices) {}

  @Get('find/:month')
  find(@Param('month') month: string) {
    return this.invoices.find(month)
  }

  @Get('self')
  self() {
    return this.invoices.viaSelf()
  }

  @Cached({ scope: 'user' })
  @Get('own/:id')
  async own(@Param('id') id: string): Promise<string> {
    return ran(`own ${id}`)
  }

  @Post('change')
  change() {
    return this.invoices.change()
  }
}

async function startInvoices() {
  const started = await startCached({ controllers: [InvoicesController], providers: [Invoices] })
  return { ...started, invoices: started.app.get(Invoices), cache: started.app.get(ScopedCache) }
}

describe('@Cached', () => {
  it('keeps results in the scope of who sends the request', async () => {
    const { ask } = await startInvoices()
    expect((await ask('acme/ann', '/find/1')).body).toBe('find 1:1')
    expect((await ask('acme/bob', '/find/1')).body).toBe('find 1:1')
    expect((await ask('acme/bob', '/find/2')).body).toBe('find 2:2')
    expect((await ask('globex/ann', '/find/1')).body).toBe('find 1:3')
  })

  it('holds for calls from within the class', async () => {
    const { ask } = await startInvoices()
    expect((await ask('acme/ann', '/find/2026-11')).body).toBe('find 2026-11:1')
    expect((await ask('acme/bob', '/self')).body).toBe('find 2026-11:1')
  })

  it('knows the context outside of HTTP', async () => {
    const { cache, invoices } = await startInvoices()
    const first = await cache.run(ann, () => invoices.find('1'))
    expect(await cache.run(bob, () => invoices.find('1'))).toBe(first)
    expect(await cache.run({ ...ann, organization: 'globex' }, () => invoices.find('1'))).not.toBe(first)
  })

  it('simply runs where nobody is known', async () => {
    const { invoices } = await startInvoices()
    expect([await invoices.find('1'), await invoices.find('1')]).toEqual(['find 1:1', 'find 1:2'])
  })

  it('keeps null, takes a key function, and ids from arguments', async () => {
    const { cache, invoices } = await startInvoices()
    await cache.run(ann, async () => {
      expect([await invoices.mine(), await invoices.mine()]).toEqual([null, null])
      expect(await invoices.named('7', 'pt')).toBe(await invoices.named('7', 'en'))
    })
    expect(await invoices.of({ organization: 'acme' })).toBe(await invoices.of({ organization: 'acme' }))
    expect(runs).toEqual(['mine', 'named 7', 'of acme'])
  })

  it('leaves a synchronous method synchronous with @CachedSync', async () => {
    const { invoices } = await startInvoices()
    expect([invoices.sum(1, 2), invoices.sum(1, 2), invoices.sum(2, 2)]).toEqual([3, 3, 4])
    expect(runs).toEqual(['sum', 'sum'])
  })

  it('runs the method once for concurrent calls', async () => {
    const gate = latch()
    @Injectable()
    class Slow {
      @Cached({ scope: 'global' })
      async load() {
        await gate.opened
        return ran('load')
      }
    }
    const { app } = await startCached({ providers: [Slow] })
    const calls = Array.from({ length: 20 }, () => app.get(Slow).load())
    gate.open()
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['load:1']))
  })

  it('names the namespace after class and method', async () => {
    const { cache, invoices } = await startInvoices()
    const names: string[] = []
    cache.on('miss', ({ namespace }) => names.push(namespace))
    await cache.run(ann, () => invoices.find('1'))
    expect(names).toEqual(['Invoices.find'])
  })

  it('works on a handler, whose route, parameters and metadata stay', async () => {
    const { ask } = await startInvoices()
    const twice = [await ask('acme/ann', '/own/7'), await ask('acme/ann', '/own/7')]
    expect(twice.map(({ body }) => body)).toEqual(['own 7:1', 'own 7:1'])
    expect((await ask('acme/ann', '/own/8')).body).toBe('own 8:2')
    expect((await ask('acme/bob', '/own/7')).body).toBe('own 7:3')
  })

  it('runs as it was written in an instance that is made by hand', async () => {
    const invoices = new Invoices()
    expect([await invoices.find('1'), await invoices.find('1')]).toEqual(['find 1:1', 'find 1:2'])
    expect(await invoices.change()).toBe('changed')
  })

  it('runs as it was written where the cache is mocked', async () => {
    const module = await import('@nestjs/testing').then(({ Test }) =>
      Test.createTestingModule({ providers: [Invoices] })
        .useMocker(() => ({}))
        .compile(),
    )
    expect([await module.get(Invoices).find('1'), await module.get(Invoices).find('1')]).toEqual([
      'find 1:1',
      'find 1:2',
    ])
  })
})

describe('the instances of a decorated class', () => {
  it.each([
    ['made by a factory', { provide: Invoices, useFactory: () => new Invoices() }],
    ['given as a value', { provide: Invoices, useValue: new Invoices() }],
    ['of a class', { provide: Invoices, useClass: Invoices }],
  ])('have the cache: %s', async (_, provider) => {
    const { app } = await startCached({ providers: [provider] })
    const cache = app.get(ScopedCache)
    const call = () => cache.run(ann, () => app.get(Invoices).find('1'))
    expect(await call()).toBe(await call())
  })

  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {
    @Cached({ scope: 'organization' })
    async load(): Promise<string> {
      return ran('load')
    }
  }

  @Injectable({ scope: Scope.TRANSIENT })
  class Transient {
    @Cached({ scope: 'organization' })
    async load(): Promise<string> {
      return ran('transient')
    }
  }

  @Controller()
  class PerRequestController {
    constructor(
      private readonly perRequest: PerRequest,
      private readonly transient: Transient,
    ) {}

    @Get('load')
    async load() {
      return [await this.perRequest.load(), await this.transient.load()]
    }
  }

  it('have the cache also where there is one for each request', async () => {
    const { ask } = await startCached({ controllers: [PerRequestController], providers: [PerRequest, Transient] })
    expect((await ask('acme/ann', '/load')).body).toBe('["load:1","transient:2"]')
    expect((await ask('acme/bob', '/load')).body).toBe('["load:1","transient:2"]')
    expect((await ask('globex/bob', '/load')).body).toBe('["load:3","transient:4"]')
  })

  abstract class Repository {
    @Cached({ scope: 'global' })
    async all(): Promise<string> {
      return ran(this.constructor.name)
    }
  }
  @Injectable()
  class Users extends Repository {}
  @Injectable()
  class Orders extends Repository {}

  it('share nothing with those of another class that inherits the method', async () => {
    const { app } = await startCached({ providers: [Users, Orders] })
    const [users, orders] = [app.get(Users), app.get(Orders)]
    expect([await users.all(), await orders.all()]).toEqual(['Users:1', 'Orders:2'])
    expect([await users.all(), await orders.all()]).toEqual(['Users:1', 'Orders:2'])
  })
})

describe('a name that two classes would share', () => {
  function twin(name?: string) {
    @Injectable()
    class Twin {
      @Cached(name === undefined ? { scope: 'global' } : { scope: 'global', name })
      async load(): Promise<string> {
        return ran('twin')
      }
    }
    return Twin
  }

  it.each([undefined, 'same'])('fails the start: %s', async (name) => {
    await expect(startCached({ providers: [twin(name), twin(name)] })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
    })
  })

  it('is no name that is given to each', async () => {
    const [One, Other] = [twin('one'), twin('other')]
    const { app } = await startCached({ providers: [One, Other] })
    expect(await app.get(One).load()).not.toBe(await app.get(Other).load())
  })

  it('is not one that a class has twice', async () => {
    const One = twin()
    await expect(
      startCached({ providers: [One, { provide: 'alias', useExisting: One }, { provide: 'again', useClass: One }] }),
    ).resolves.toBeDefined()
  })
})

describe('@InvalidateScope', () => {
  it('invalidates after success, for the whole organization and nobody else', async () => {
    const { ask } = await startInvoices()
    for (const who of ['acme/ann', 'globex/bob']) await ask(who, '/find/1')
    await ask('acme/bob', '/change', { method: 'POST' })
    expect((await ask('acme/ann', '/find/1')).body).toBe('find 1:4')
    expect((await ask('globex/bob', '/find/1')).body).toBe('find 1:2')
  })

  it('invalidates nothing where the method fails, and passes its error on', async () => {
    const { cache, invoices } = await startInvoices()
    await cache.run(ann, async () => {
      const before = await invoices.find('1')
      await expect(invoices.change(true)).rejects.toThrow(TypeError)
      expect(await invoices.find('1')).toBe(before)
      expect(await invoices.change()).toBe('changed')
      expect(await invoices.find('1')).not.toBe(before)
    })
  })

  it('can be for tags, for another user, and depend on the result', async () => {
    const { cache, invoices } = await startInvoices()
    const keep = (ids: typeof ann) => cache.at('user', ids).set('k', ids.user)
    const kept = (ids: typeof ann) => cache.at('user', ids).has('k')
    await cache.run(ann, async () => {
      await cache.current('organization').set('november', 1, { tags: ['month 11'] })
      await invoices.changeTagged()
      expect(await cache.current('organization').has('november')).toBe(true)
      await invoices.changeMonth('11')
      expect(await cache.current('organization').has('november')).toBe(false)

      await Promise.all([ann, bob, { ...bob, organization: 'globex' }].map(keep))
      await invoices.changeUser('bob')
      expect(await Promise.all([ann, bob, { ...bob, organization: 'globex' }].map(kept))).toEqual([true, false, true])

      expect(await invoices.changeMaybe(false)).toBe(false)
      expect(await kept(ann)).toBe(true)
      expect(await invoices.changeMaybe(true)).toBe(true)
      expect(await kept(ann)).toBe(false)
    })
  })

  it('refuses, before anything is written, where nobody is known', async () => {
    const { invoices } = await startInvoices()
    await expect(invoices.change()).rejects.toMatchObject({ code: 'ERR_CACHE_SCOPE' })
    await expect(invoices.changeUser('bob')).rejects.toMatchObject({ code: 'ERR_CACHE_SCOPE' })
    expect(runs).toEqual([])
  })

  it('waits for the transaction in deferInvalidations', async () => {
    const { cache, invoices } = await startInvoices()
    await cache.run(ann, async () => {
      const before = await invoices.find('1')
      await cache.deferInvalidations(async () => {
        await invoices.change()
        expect(await invoices.find('1')).toBe(before)
      })
      expect(await invoices.find('1')).not.toBe(before)
    })
  })
})

describe('decorators on one method', () => {
  const Role = Reflector.createDecorator<string>()

  @Injectable()
  class Both {
    @InvalidateScope('user')
    @Cached({ scope: 'organization' })
    @Role('above')
    @SetMetadata('below', true)
    async refresh(): Promise<string> {
      return ran('refresh')
    }
  }

  it('all count, and what they say about the method stays', async () => {
    const { app } = await startCached({ providers: [Both] })
    const [cache, both] = [app.get(ScopedCache), app.get(Both)]
    await cache.run(ann, async () => {
      await cache.current('user').set('k', 1)
      await cache.current('organization').set('k', 1)
      expect([await both.refresh(), await both.refresh()]).toEqual(['refresh:1', 'refresh:1'])
      expect([await cache.current('user').has('k'), await cache.current('organization').has('k')]).toEqual([
        false,
        true,
      ])
    })
    const reflector = app.get(Reflector)
    expect([reflector.get(Role, both.refresh), reflector.get('below', both.refresh)]).toEqual(['above', true])
    expect(both.refresh.name).toBe('refresh')
  })

  it('all show at the start what is wrong with them', async () => {
    @Injectable()
    class Wrong {
      @InvalidateScope('user')
      @Cached({ scope: 'tenant' })
      async load(): Promise<string> {
        return ran('wrong')
      }
    }
    await expect(startCached({ providers: [Wrong] })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
  })

  it('keep the guards of a handler', async () => {
    class Nobody implements CanActivate {
      canActivate() {
        return false
      }
    }
    @Controller()
    class Guarded {
      @Cached({ scope: 'global' })
      @UseGuards(Nobody)
      @Get('guarded')
      async guarded() {
        return ran('guarded')
      }
    }
    const { ask } = await startCached({ controllers: [Guarded] })
    expect((await ask('acme/ann', '/guarded')).status).toBe(403)
  })
})

describe('two applications in one process', () => {
  it('have a cache each, for the same classes', async () => {
    const [one, other] = [await startInvoices(), await startInvoices()]
    expect((await one.ask('acme/ann', '/find/1')).body).toBe('find 1:1')
    expect((await other.ask('acme/ann', '/find/1')).body).toBe('find 1:2')
    expect((await one.ask('acme/ann', '/find/1')).body).toBe('find 1:1')
    await one.ask('acme/ann', '/change', { method: 'POST' })
    expect((await other.ask('acme/ann', '/find/1')).body).toBe('find 1:2')
    expect((await one.ask('acme/ann', '/find/1')).body).toBe('find 1:4')
  })

  it('can share a cache that neither of them closes', async () => {
    const cache = createCache({ scopes })
    const imports = [CacheadoModule.forRoot({ isGlobal: true, cache, identity })]
    const started = [await start({ imports, providers: [Invoices] }), await start({ imports, providers: [Invoices] })]
    const [one, other] = started.map(({ app }) => app.get(Invoices))
    expect(await cache.run(ann, () => one!.find('1'))).toBe(await cache.run(ann, () => other!.find('1')))
    await started[0]!.app.close()
    expect(cache.health().status).toBe('ok')
  })
})

describe('a named cache', () => {
  @Injectable()
  class Reports {
    constructor(
      readonly cache: ScopedCache,
      @Inject(getCacheToken('reports')) readonly reports: ScopedCache,
    ) {}

    @Cached({ cache: 'reports', scope: 'organization' })
    async yearly(): Promise<string> {
      return ran('yearly')
    }

    @InvalidateScope('organization', { cache: 'reports' })
    async change(): Promise<void> {}
  }

  @Controller()
  class ReportsController {
    constructor(private readonly reports: Reports) {}

    @Get('yearly')
    yearly() {
      return this.reports.yearly()
    }
  }

  const named = CacheadoModule.forRoot({ isGlobal: true, name: 'reports', scopes, identity })

  it('keeps what its methods return, for the caller of the request', async () => {
    const started = await startCached({
      imports: [named],
      controllers: [ReportsController],
      providers: [Reports],
    })
    const { cache, reports } = started.app.get(Reports)
    expect(reports).not.toBe(cache)
    expect((await started.ask('acme/ann', '/yearly')).body).toBe('yearly:1')
    expect((await started.ask('acme/bob', '/yearly')).body).toBe('yearly:1')
    expect((await started.ask('globex/bob', '/yearly')).body).toBe('yearly:2')
    await cache.clear()
    expect((await started.ask('acme/ann', '/yearly')).body).toBe('yearly:1')
    await reports.run(ann, () => started.app.get(Reports).change())
    expect((await started.ask('acme/ann', '/yearly')).body).toBe('yearly:3')
  })

  it('that no module makes fails the start', async () => {
    await expect(startCached({ providers: [Reports] })).rejects.toThrow(/Reports/)
  })

  it('leaves a class in a module that does not import it unresolved', async () => {
    @Module({ providers: [Invoices] })
    class Feature {}
    const imports = [CacheadoModule.forRoot({ scopes, identity }), Feature]
    await expect(start({ imports })).rejects.toThrow(/ScopedCache/)
  })
})
