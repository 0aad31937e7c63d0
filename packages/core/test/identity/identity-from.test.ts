import { runInNewContext } from 'node:vm'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { CacheError, isCacheError } from '../../src/cache-error.js'
import {
  claim,
  identityFrom,
  type IdentityReader,
  type IdentityRequest,
  type IdentitySpec,
  sessionId,
} from '@cacheado/core/identity'
import { requestOf } from './request-of.js'

const isConfigError = (error: unknown): error is CacheError => isCacheError(error, 'ERR_CACHE_CONFIG')

describe('identityFrom', () => {
  it('answers without a promise where every source does', () => {
    const identity = identityFrom({ organization: claim('org_id'), user: [claim('sub'), () => 'alice'] })
    const resolution = identity(requestOf({ claims: { org_id: 'acme', sub: 'alice' } }))
    expect(resolution).toMatchObject({ status: 'resolved', ids: { organization: 'acme', user: 'alice' } })
  })

  it('awaits a source that takes time, and only then judges', async () => {
    const identity = identityFrom({ user: [claim('sub'), async () => 'alice'] })
    const resolution = identity(requestOf({ claims: { sub: 'bob' } }))
    expect(resolution).toBeInstanceOf(Promise)
    expect(await resolution).toEqual({ status: 'refused', reason: 'conflict', level: 'user' })
  })

  it('hands a function the framework’s own request and holds its id to the same rules', () => {
    interface Req {
      tenant?: unknown
    }
    const identity = identityFrom({ tenant: (req: Req) => req.tenant as string | undefined })
    const given = (tenant: unknown) => identity(requestOf({ native: { tenant } }))
    expect(given(42)).toMatchObject({ ids: { tenant: '42' } })
    expect(given(undefined)).toEqual({ status: 'unresolved' })
    for (const invalid of [null, '', Number.NaN, true, {}, [], Symbol('x'), 'a\nb', () => 'alice']) {
      expect(given(invalid)).toEqual({ status: 'refused', reason: 'invalid', level: 'tenant' })
    }
  })

  it('awaits what is like a promise, of whatever realm', async () => {
    const foreign = runInNewContext('Promise.resolve("alice")') as Promise<string>
    const identity = identityFrom({ user: () => foreign })
    expect(await identity(requestOf({}))).toMatchObject({ ids: { user: 'alice' } })
  })

  it('awaits a bare thenable, whose `then` returns nothing', async () => {
    const readId = () => ({ then: (settle: (finding: object) => void) => settle({ refused: 'untrusted' }) }) as never
    expect(await identityFrom({ user: [{ readId }, () => 'alice'] })(requestOf({}))).toMatchObject({
      reason: 'untrusted',
    })
  })

  it('refuses with a reason, never with the error, where a source throws or rejects', async () => {
    const thrown = identityFrom({
      user: () => {
        throw new Error('alice@acme.test')
      },
    })
    const rejected = identityFrom({ user: [() => 'alice', () => Promise.reject(new Error('alice@acme.test'))] })
    expect(thrown(requestOf({}))).toEqual({ status: 'refused', reason: 'failed', level: 'user' })
    expect(await rejected(requestOf({}))).toEqual({ status: 'refused', reason: 'failed', level: 'user' })
  })

  it('refuses where the application’s claims throw, even if no level reads them', () => {
    const request = { ...requestOf({}), names: () => [], lines: () => [] } as unknown as IdentityRequest
    const broken = {
      ...request,
      native: {},
      claims: () => {
        throw new Error('no session store')
      },
    }
    expect(identityFrom({ user: () => 'alice' })(broken)).toEqual({ status: 'refused', reason: 'failed' })
  })

  it('refuses where a claim is a getter that throws', () => {
    const claims = Object.defineProperty({}, 'sub', {
      enumerable: true,
      get: () => {
        throw new Error('not loaded')
      },
    })
    expect(identityFrom({ user: claim('sub') })(requestOf({ claims }))).toEqual({
      status: 'refused',
      reason: 'failed',
    })
  })

  it('lets a mistake of the application be heard: ERR_CACHE_CONFIG rejects, also from a synchronous source', async () => {
    const mistake = new CacheError('ERR_CACHE_CONFIG', 'x: expected y')
    const identity = identityFrom({
      user: () => {
        throw mistake
      },
      session: () => Promise.reject(mistake),
    })
    await expect(identity(requestOf({}))).rejects.toBe(mistake)
  })

  it('asks a claims source once per resolution, however many levels read it', () => {
    let asked = 0
    const account = (req: { account: Record<string, unknown> }) => {
      asked++
      return req.account
    }
    const identity = identityFrom({
      organization: claim('org', account),
      user: [claim('id', account), claim('id', account)],
    })
    const resolution = identity(requestOf({ native: { account: { org: 'acme', id: 7 } } }))
    expect(resolution).toMatchObject({ ids: { organization: 'acme', user: '7' } })
    expect(asked).toBe(1)
  })

  it('awaits claims that take time', async () => {
    const identity = identityFrom({ user: claim('id', async () => ({ id: 'alice' })) })
    expect(await identity(requestOf({}))).toMatchObject({ ids: { user: 'alice' }, claims: { id: 'alice' } })
  })

  it('takes a claim’s name literally', () => {
    const names = ['https://shop.test/org', 'org.id', '__proto__', 'constructor', 'toString', '']
    const claims = JSON.parse('{"https://shop.test/org":"a","org.id":"b","__proto__":"c"}') as Record<string, unknown>
    const ids = names.slice(0, 5).map((name) => identityFrom({ user: claim(name) })(requestOf({ claims })))
    expect(ids.map((resolution) => ('ids' in resolution ? resolution.ids['user'] : undefined))).toEqual([
      'a',
      'b',
      'c',
      undefined,
      undefined,
    ])
    expect(() => claim('')).toThrow(isConfigErrorMatching('claim.name'))
  })

  it('reads a claim that an application declared but left undefined as absent', () => {
    expect(identityFrom({ user: claim('sub') })(requestOf({ claims: { sub: undefined } }))).toEqual({
      status: 'unresolved',
    })
  })

  it('keeps the application’s source as it is: a reader keeps its `this`', () => {
    class Fixed implements IdentityReader {
      id = 'alice'
      readId() {
        return { found: this.id }
      }
    }
    expect(identityFrom({ user: new Fixed() })(requestOf({}))).toMatchObject({ ids: { user: 'alice' } })
  })

  it('names the levels it can place, so that a misspelt one can be found', () => {
    const spec = { organization: claim('org_id'), user: [claim('sub'), sessionId()], tenant: undefined }
    expect(identityFrom(spec).levels).toEqual(['organization', 'user'])
  })

  it('holds nothing in an object with a prototype', () => {
    const resolution = identityFrom({ user: claim('sub') })(requestOf({ claims: { sub: 'alice' } }))
    if (!('ids' in resolution)) throw new Error('expected a resolved identity')
    expect(Object.getPrototypeOf(resolution.ids)).toBeNull()
    expect(Object.getPrototypeOf(resolution.claims)).toBeNull()
  })
})

describe('the claims of an identity', () => {
  const ids = { status: 'resolved', ids: { user: 'alice' } }

  it('are those of the application, copied, whether or not a level reads them', () => {
    const claims = { role: 'admin' }
    const resolution = identityFrom({ user: () => 'alice' })(requestOf({ claims }))
    claims.role = 'guest'
    expect(resolution).toMatchObject({ ...ids, claims: { role: 'admin' } })
  })

  it('are absent where there are none, or where what stands for them is no object', () => {
    const identity = identityFrom({ user: () => 'alice' })
    expect(identity(requestOf({}))).not.toHaveProperty('claims')
    expect(identity(requestOf({ claims: 'alice' }))).not.toHaveProperty('claims')
  })

  it('are those of all sources together; what two say differently varies by both', () => {
    const first = () => ({ role: 'admin', plan: 'free', sub: 'alice' })
    const second = () => ({ role: 'guest', plan: 'free', region: 'eu' })
    const identity = identityFrom({ user: [claim('sub', first), claim('id', second)] })
    expect(identity(requestOf({ claims: { email: 'a' } }))).toMatchObject({
      ...ids,
      claims: { email: 'a', role: ['admin', 'guest'], plan: 'free', region: 'eu', sub: 'alice' },
    })
  })
})

describe('the specification of an identity', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [claim('sub')]],
    ['a function', () => 'alice'],
    ['no level', {}],
    ['a level that is undefined', { user: undefined }],
    ['an empty list of sources', { user: [] }],
    ['text as a source', { user: 'sub' }],
    ['null as a source', { user: null }],
    ['an object that is no source', { user: {} }],
    ['a reader that is no function', { user: { readId: 'x' } }],
    ['the root as a level', { global: claim('sub') }],
    ['an empty level name', { '': claim('sub') }],
    ['a level name with a colon', { 'a:b': claim('sub') }],
    ['a prototype instead of a level', { __proto__: claim('sub') }],
    ['a prototype beside a level', { __proto__: claim('sub'), user: claim('sub') }],
    ['an own __proto__ as a level', JSON.parse('{"__proto__":{"claim":"sub"}}')],
  ])('is refused at once: %s', (_name, spec) => {
    expect(() => identityFrom(spec as IdentitySpec)).toThrow(expect.toSatisfy(isConfigError) as Error)
  })

  it('is taken from another realm', () => {
    const spec = runInNewContext('({ user: () => "alice" })') as IdentitySpec
    expect(identityFrom(spec)(requestOf({}))).toMatchObject({ ids: { user: 'alice' } })
    expect(identityFrom(Object.assign(Object.create(null), spec) as IdentitySpec).levels).toEqual(['user'])
  })

  it('refuses a claims source that is none', () => {
    for (const from of [null, 'jwt', {}, { readClaims: 1 }]) {
      expect(() => claim('sub', from as never)).toThrow(isConfigErrorMatching('claim.from'))
    }
  })

  it('knows the framework’s request in TypeScript', () => {
    interface ExpressRequest {
      user?: { id: number }
    }
    identityFrom<ExpressRequest>({
      user: (req) => {
        expectTypeOf(req).toEqualTypeOf<ExpressRequest>()
        return req.user?.id
      },
      session: [sessionId(), (req) => req.user?.id],
    })
    identityFrom({ user: (req: ExpressRequest) => req.user?.id, tenant: claim('t', (req: ExpressRequest) => req.user) })
    // @ts-expect-error -- a list is no id
    identityFrom({ user: () => ['alice'] })
    // @ts-expect-error -- null is no way to say that nothing was found
    identityFrom({ user: () => null })
  })
})

function isConfigErrorMatching(option: string) {
  return expect.toSatisfy((error: unknown) => isConfigError(error) && error.option === option) as Error
}
