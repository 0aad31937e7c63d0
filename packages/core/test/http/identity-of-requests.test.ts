import { CacheError, createCache, defineScopes } from '@cacheado/core'
import { ContextDefinition, Route, contextOf } from '@cacheado/core/http'
import type { IdentityRequest, IdentityResolver, Resolution } from '@cacheado/core/identity'
import { describe, expect, it } from 'vitest'
import { ALL, App, MINE, SCOPES, gate, settle, type Native } from './harness.js'

const ok = (body = 'x', headers: Record<string, string> = {}) => new Response(body, { headers })
const resolved = (organization: string, user?: string): Resolution => ({
  status: 'resolved',
  ids: user === undefined ? { organization } : { organization, user },
})
/** An identity that says what the test says. */
const saying = (answer: (request: IdentityRequest) => Resolution | Promise<Resolution>): IdentityResolver => answer

describe('a request whose caller cannot be placed', () => {
  it.each<[string, string, () => Resolution | Promise<Resolution>]>([
    ['nobody says anything', 'no-scope', () => ({ status: 'unresolved' })],
    ['a level of the path is missing', 'no-scope', () => resolved('o')],
    ['the level alone is known', 'no-scope', () => ({ status: 'resolved', ids: { user: 'u' } })],
    ['what is said is refused', 'identity-refused', () => ({ status: 'refused', reason: 'conflict' })],
    ['an id is no id', 'identity-refused', () => resolved('o', 'a\nb')],
    ['an id is empty', 'identity-refused', () => resolved('', 'u')],
    ['an id has lone surrogates', 'identity-refused', () => resolved('o', '\ud800')],
    ['an id is no string', 'identity-refused', () => resolved('o', null as never)],
    [
      'it throws',
      'identity-failed',
      () => {
        throw new Error('x')
      },
    ],
    ['it rejects', 'identity-failed', () => Promise.reject(new Error('x'))],
    ['it promises nobody', 'no-scope', async () => ({ status: 'unresolved' })],
  ])('runs its handler and shares nothing where %s', async (_, reason, answer) => {
    const app = new App(MINE, () => ok(), { identity: saying(answer) })
    for (let round = 0; round < 2; round++) expect(await app.get('/a')).toBe(`200 | fwd=bypass; detail=${reason} | x`)
    expect(app.cache.stats()).toMatchObject({ entries: 0, bypasses: 2, hits: 0 })
  })

  it('shares with nobody who asks at the same time', async () => {
    const app = new App(MINE, async () => {
      await settle()
      return ok()
    })
    await Promise.all([app.get('/a'), app.get('/a'), app.get('/a')])
    expect(app.runs).toBe(3)
  })

  it('waits 50 ms at the most to learn who asks', async () => {
    const app = new App(MINE, () => ok(), { identity: saying(() => new Promise(() => {})) })
    const answer = app.get('/a')
    await settle()
    expect(app.runs).toBe(0)
    app.clock.advance(50) // the ambient context
    await settle()
    app.clock.advance(50) // the route
    expect(await answer).toMatch(/identity-failed/)
  })

  it('throws where the route or the cache says so', async () => {
    const app = new App({ ...MINE, onMissingScope: 'throw' }, () => ok())
    await expect(app.get('/a')).rejects.toMatchObject({ code: 'ERR_CACHE_SCOPE' })
    const other = new App(MINE, () => ok(), { cacheOptions: { onMissingScope: 'throw' } })
    await expect(other.get('/a')).rejects.toMatchObject({ code: 'ERR_CACHE_SCOPE' })
    expect(app.runs + other.runs).toBe(0)
    expect(
      await new App({ ...MINE, onMissingScope: 'run' }, () => ok(), { cacheOptions: { onMissingScope: 'throw' } }).get(
        '/a',
      ),
    ).toMatch(/no-scope/)
  })

  it('is told of a mistake of the application that only a request shows', async () => {
    const broken = () => {
      throw new CacheError('ERR_CACHE_CONFIG', 'jose is not installed')
    }
    await expect(new App(MINE, () => ok(), { identity: saying(broken) }).get('/a')).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
    })
    await expect(new App(MINE, () => ok(), { identity: saying(async () => broken()) }).get('/a')).rejects.toMatchObject(
      { code: 'ERR_CACHE_CONFIG' },
    )
  })

  it('needs no identity at the global scope', async () => {
    const app = new App(ALL, () => ok(), { identity: saying(() => new Promise(() => {})) })
    const first = app.get('/a')
    app.clock.advance(50)
    await first
    const second = app.get('/a')
    app.clock.advance(50)
    expect(await second).toMatch(/hit/)
  })
})

describe('an identity that takes time', () => {
  it('is asked for once for each request, and once more before its response is stored', async () => {
    let asked = 0
    const app = new App(MINE, async ({ context }) => ok(JSON.stringify(await context.cache.identity())), {
      identity: saying(async () => {
        asked++
        return resolved('o', 'u')
      }),
    })
    expect(await app.get('/a')).toBe('200 | fwd=uri-miss; stored | {"organization":"o","user":"u"}')
    expect(asked).toBe(2)
    expect(await app.get('/a')).toMatch(/hit/)
    expect(asked).toBe(3)
  })

  it('is asked for again where claims appear that were not there', async () => {
    const app = new App(MINE, () => ok(), {
      identity: saying(async (request) =>
        request.claims() === undefined ? { status: 'unresolved' } : resolved('o', 'u'),
      ),
    })
    expect(await app.get('/a')).toMatch(/no-scope/)
    expect(await app.get('/a', { claims: {} })).toMatch(/stored/)
  })

  it('is shared by those who ask while it is being found', async () => {
    const held = gate<Resolution>()
    let asked = 0
    const app = new App(MINE, () => ok(), {
      identity: saying(() => {
        asked++
        return held.opened
      }),
    })
    const answer = app.get('/a')
    await settle()
    expect(asked).toBe(1)
    held.open(resolved('o', 'u'))
    expect(await answer).toMatch(/stored/)
    expect(asked).toBe(2)
  })
})

describe('an identity that changes within one request', () => {
  const login = (native: Native) => {
    native.claims = { org: 'o', sub: 'other' }
    return ok('for the other')
  }

  it('keeps the response out of the cache, of either of them', async () => {
    const app = new App(MINE, login)
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
    expect(await app.get('/a', { as: 'o/other' })).toMatch(/uri-miss/)
  })

  it('does so where it is found by a promise', async () => {
    const app = new App(MINE, login, {
      identity: saying(async (request) => resolved('o', request.claims()?.['sub'] as string)),
    })
    await app.get('/a', { as: 'o/u' })
    await app.cache.settled()
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('does so where the caller is gone, and where another level changed', async () => {
    for (const claims of [undefined, { org: 'o' }, { org: 'p', sub: 'u' }]) {
      const app = new App(MINE, (native) => {
        native.claims = claims
        return ok()
      })
      await app.get('/a', { as: 'o/u' })
      expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
    }
  })

  it.each([{ org: 'o', sub: 'other' }, undefined])(
    'is nobody’s from then on, though it changes back',
    async (claims) => {
      const app = new App(MINE, async (native) => {
        const { cache } = native.context
        await cache.at('user').set('k', 'first')
        native.claims = claims
        const seen = [await cache.at('user').get('k'), await cache.identity()]
        native.claims = { org: 'o', sub: 'u' }
        seen.push(await cache.at('user').get('k'))
        return ok(JSON.stringify(seen))
      })
      expect(await app.get('/a', { as: 'o/u' })).toMatch(/\[null,\{\},null\]$/)
    },
  )

  it('counts as changed where a claim changes by which the route varies', async () => {
    for (const varies of [true, false]) {
      const app = new App({ ...MINE, varyBy: { claims: varies ? ['role'] : [] } }, (native) => {
        native.claims = { org: 'o', sub: 'u', role: 'admin' }
        return ok('for an admin')
      })
      await app.get('/a', { as: 'o/u' })
      expect(await app.get('/a', { as: 'o/u' })).toMatch(varies ? /vary-miss/ : /hit/)
    }
  })

  it('does not concern what everybody shares', async () => {
    const app = new App(ALL, login)
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/hit/)
  })
})

describe('the cache of a request', () => {
  it('is the caller’s own at each level, and nobody else’s', async () => {
    const app = new App(MINE, async ({ context }) => {
      const { cache } = context
      await cache.at('user').set('k', 'mine')
      await cache.at('organization').set('k', 'ours')
      await cache.global.set('k', 'all')
      return ok()
    })
    await app.get('/a', { as: 'o/u' })
    const { cache } = app
    expect(await cache.at('user', { organization: 'o', user: 'u' }).get('k')).toBe('mine')
    expect(await cache.at('organization', { organization: 'o' }).get('k')).toBe('ours')
    expect(await cache.global.get('k')).toBe('all')
  })

  it('has every operation of a scope', async () => {
    const app = new App(MINE, async ({ context }) => {
      const mine = context.cache.at('user')
      await mine.set('a', 1)
      await mine.setMany([
        ['b', 2],
        ['c', 3],
      ])
      const seen = [
        mine.level,
        await mine.get('a'),
        await mine.has('a'),
        (await mine.lookup('b')).hit,
        await mine.getMany(['a', 'b', 'nothing']),
        await mine.getOrSet('d', () => 4),
        await mine.getOrSetMany(['c', 'e'], async (missing) => missing.map(() => 5)),
        await mine.delete('a'),
        await mine.deleteMany(['b', 'nothing']),
        mine.sync.get('c'),
        mine.stats().entries,
        (await mine.invalidateTags(['t'])).applied,
        (await mine.invalidate()).entries,
        mine.stats().entries,
      ]
      return ok(JSON.stringify(seen))
    })
    expect(await app.get('/a', { as: 'o/u' })).toContain('["user",1,true,true,[1,2,null],4,[3,5],true,1,3,3,true,3,0]')
  })

  it('shares with nobody where the caller is unknown, and refuses to remove', async () => {
    const app = new App(MINE, async ({ context }) => {
      const mine = context.cache.at('user')
      await mine.set('k', 1)
      const refused = await mine.invalidate().catch((error: CacheError) => error.code)
      return ok(
        JSON.stringify([
          await mine.get('k'),
          await mine.getOrSet('k', () => 2),
          refused,
          mine.sync.get('k'),
          await context.cache.identity(),
        ]),
      )
    })
    expect(await app.get('/a')).toContain('[null,2,"ERR_CACHE_SCOPE",null,{}]')
    expect(app.cache.stats().entries).toBe(0)
  })

  it('shows no secret ids, and refuses undeclared levels', async () => {
    const scopes = defineScopes(
      { organization: 'global', user: 'organization', session: 'user' },
      { secret: ['session'] },
    )
    const app = new App(
      MINE,
      async ({ context }) => {
        expect(() => context.cache.at('usr')).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
        return ok(JSON.stringify(await context.cache.identity()))
      },
      {
        cacheOptions: { scopes },
        identity: saying(() => ({
          status: 'resolved',
          ids: { organization: 'o', user: 'u', session: 's', stranger: 'x' },
        })),
      },
    )
    expect(await app.get('/a')).toMatch(/\{"organization":"o","user":"u"\}$/)
  })

  it('is the ambient one for everything the handler calls', async () => {
    const seen: unknown[] = []
    const app = new App(MINE, async () => {
      seen.push(app.cache.identity())
      await app.cache.current('user').set('k', 'v')
      return ok()
    })
    await app.get('/a', { as: 'o/u' })
    await app.get('/b')
    expect(seen).toEqual([{ organization: 'o', user: 'u' }, {}])
    expect(await app.cache.at('user', { organization: 'o', user: 'u' }).get('k')).toBe('v')
  })

  it('has its synchronous twin on what is known without waiting', async () => {
    const slow = saying(async () => resolved('o', 'u'))
    const app = new App(
      MINE,
      async ({ context }) => {
        const mine = context.cache.at('user')
        mine.sync.set('k', 1)
        return ok(JSON.stringify([mine.sync.get('k'), mine.stats().sets]))
      },
      { identity: slow },
    )
    expect(await app.get('/a')).toMatch(/\[1,1\]$/)
    const nobody = new App(
      MINE,
      async ({ context }) => {
        context.cache.at('user').sync.set('k', 1)
        return ok(JSON.stringify([context.cache.at('user').sync.get('k') ?? null, nobody.cache.identity()]))
      },
      { identity: saying(async () => ({ status: 'unresolved' })) },
    )
    expect(await nobody.get('/a')).toMatch(/\[null,\{\}\]$/)
  })

  it('is the ambient one for an identity that takes time, and for one that authentication brings later', async () => {
    const app = new App(MINE, () => ok(JSON.stringify(app.cache.identity())), {
      identity: saying(async () => resolved('o', 'u')),
    })
    expect(await app.get('/a')).toMatch(/"user":"u"/)
    const late = new App(MINE, (native) => {
      native.claims = { org: 'o', sub: 'late' }
      return ok(JSON.stringify(late.cache.identity()))
    })
    expect(await late.get('/a')).toMatch(/"user":"late"/)
  })
})

describe('credentials on a global route', () => {
  const authorized = { headers: { authorization: 'Bearer x' } }

  it('bypass what was stored, and store nothing', async () => {
    const app = new App(ALL, ({ request }) => ok(request.headers.get('authorization') ?? 'anonymous'))
    expect(await app.get('/a', authorized)).toBe('200 | fwd=bypass; detail=credentials | Bearer x')
    expect(await app.get('/a')).toMatch(/uri-miss; stored \| anonymous/)
    expect(await app.get('/a', authorized)).toBe('200 | fwd=bypass; detail=credentials | Bearer x')
    expect(await app.get('/a')).toMatch(/hit.*anonymous/)
  })

  it.each(['public', 's-maxage=60', 'must-revalidate'])('share where the handler says %s', async (said) => {
    const app = new App(ALL, () => ok('x', { 'Cache-Control': `max-age=60, ${said}` }))
    expect(await app.get('/a', authorized)).toMatch(/stored/)
    expect(await app.get('/a', authorized)).toMatch(/hit/)
    expect(await app.get('/a')).toMatch(/hit/)
  })

  it('share where the route ignores them', async () => {
    const app = new App({ ...ALL, credentials: 'ignore' }, () => ok())
    await app.get('/a', authorized)
    expect(await app.get('/a')).toMatch(/hit/)
    expect(await app.get('/a', authorized)).toMatch(/hit/)
  })

  it('are what the application says they are', async () => {
    const options = { credentials: { cookies: ['sid'], headers: ['X-Api-Key'] } }
    const app = new App(ALL, () => ok(), options)
    await app.get('/a')
    expect(await app.get('/a', { headers: { cookie: 'theme=dark' } })).toMatch(/hit/)
    expect(await app.get('/a', { headers: { cookie: 'theme=dark; sid=1' } })).toMatch(/credentials/)
    expect(await app.get('/a', { headers: { 'x-api-key': '1' } })).toMatch(/credentials/)
    expect(await new App(MINE, () => ok('x', { 'X-Api-Key': '1' }), options).get('/a', { as: 'o/u' })).toMatch(
      /credential-header/,
    )
  })

  it('do not hold up those who have none', async () => {
    const held = gate()
    const app = new App(ALL, async ({ request }) => {
      if (request.headers.has('authorization')) await held.opened
      return ok()
    })
    const slow = app.get('/a', authorized)
    await settle()
    expect(await app.get('/a')).toMatch(/stored/)
    const others = [app.get('/a', authorized), app.get('/a', authorized)]
    held.open()
    for (const answer of await Promise.all([slow, ...others])) expect(answer).toMatch(/fwd=bypass/)
    expect(await app.get('/a')).toMatch(/hit/)
  })

  it('are not held up by those who have none, and do them no harm', async () => {
    const held = gate()
    const app = new App(ALL, async ({ request }) => {
      if (!request.headers.has('authorization')) await held.opened
      return ok()
    })
    const slow = app.get('/a')
    await settle()
    expect(await app.get('/a', authorized)).toMatch(/fwd=bypass/)
    held.open()
    expect(await slow).toMatch(/stored/)
    expect(await app.get('/a')).toMatch(/hit/)
  })

  it('are what makes the place below it, so they share there', async () => {
    const app = new App({ scope: 'organization', ttl: '1m' }, () => ok())
    await app.get('/a', { as: 'o/u', ...authorized })
    expect(await app.get('/a', { as: 'o/v', headers: { authorization: 'Bearer y' } })).toMatch(/hit/)
  })
})

describe('anonymous requests', () => {
  const route = { ...MINE, anonymous: 'global' } as const

  it('share one response among them, and with nobody who has an identity', async () => {
    const app = new App(route, ({ claims }) => ok((claims?.['sub'] as string | undefined) ?? 'anonymous'))
    expect(await app.get('/a')).toMatch(/stored/)
    expect(await app.get('/a')).toMatch(/hit.*anonymous/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/stored \| u/)
    expect(await app.get('/a')).toMatch(/hit.*anonymous/)
  })

  it('are none with a credential, a cookie that may be one, or claims', async () => {
    const app = new App(route, () => ok())
    await app.get('/a')
    for (const init of [{ headers: { authorization: 'x' } }, { headers: { cookie: 'a=b' } }, { claims: {} }]) {
      expect(await app.get('/a', init)).toMatch(/no-scope/)
    }
    const named = new App(route, () => ok(), { credentials: { cookies: ['sid'] } })
    await named.get('/a')
    expect(await named.get('/a', { headers: { cookie: 'a=b' } })).toMatch(/hit/)
    expect(await named.get('/a', { headers: { cookie: 'sid=b' } })).toMatch(/no-scope/)
  })

  it('are none where the identity was refused or failed', async () => {
    for (const answer of [
      () => ({ status: 'refused', reason: 'untrusted' }) as Resolution,
      () => {
        throw new Error('x')
      },
    ]) {
      const app = new App(route, () => ok(), { identity: saying(answer) })
      expect(await app.get('/a')).toMatch(/identity-/)
    }
  })

  it('are none where somebody is known at another level', async () => {
    const app = new App(route, () => ok(), { identity: saying(() => resolved('o')) })
    expect(await app.get('/a')).toMatch(/no-scope/)
  })

  it('are none any more where somebody logs in on the way', async () => {
    const app = new App(route, (native) => {
      native.claims = { org: 'o', sub: 'u' }
      return ok('for u')
    })
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/uri-miss/)
  })

  it('are a shared cache’s, private answers stay out of it', async () => {
    const app = new App(route, () => ok('x', { 'Cache-Control': 'private' }), {
      cacheOptions: { scopes: defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] }) },
    })
    expect(await app.get('/a')).toMatch(/detail=private/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/stored/)
  })

  it('need no claims where the route varies by them', async () => {
    const app = new App({ ...route, varyBy: { claims: ['role'] } }, () => ok())
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/hit/)
  })
})

describe('a context', () => {
  it('is missing where nobody opened one', () => {
    const route = new Route({ scope: 'user' })
    expect(contextOf({})).toBeUndefined()
    expect(() =>
      route.contextOf({}, () => {
        throw new Error('not asked')
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG' }))
  })

  it('is the route’s own where it has a cache', async () => {
    const own = createCache({ scopes: SCOPES })
    const route = new Route<object>({ scope: 'user', cache: () => own, identity: saying(() => resolved('o', 'u')) })
    const native = {}
    const request = { native, method: 'GET', target: '/', host: 'h' } as never
    expect(route.contextOf(native, () => request).settings.cache).toBe(own)
    // The one that cacheContext opened stays what others find.
    expect(contextOf(native)).toBeUndefined()
  })

  it('without an identity knows nobody, and caches what everybody shares', async () => {
    const nobody = { identity: undefined } as object
    expect(await new App(MINE, () => ok(), nobody).get('/a', { as: 'o/u' })).toMatch(/no-scope/)
    const app = new App(ALL, () => ok(), nobody)
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/hit/)
  })

  it('has nothing to forget where no route has answered yet', () => {
    const cache = createCache({ scopes: SCOPES })
    const native = {}
    const request = { native, method: 'POST', target: '/', host: 'h' } as never
    expect(() => new ContextDefinition({ cache }).open(request).answered(200, [])).not.toThrow()
  })

  it('checks its options', () => {
    const cache = createCache({ scopes: SCOPES })
    const bad: [unknown, string][] = [
      [undefined, 'cacheContext'],
      [{}, 'cacheContext.cache'],
      [{ cache: {} }, 'cacheContext.cache'],
      [{ cache, identity: {} }, 'cacheContext.identity'],
      [
        { cache, identity: Object.assign(() => resolved('o'), { levels: ['organisation'] }) },
        'cacheContext.identity.organisation',
      ],
      [{ cache, name: '' }, 'cacheContext.name'],
      [{ cache, name: 'a\nb' }, 'cacheContext.name'],
      [{ cache, credentials: { cookies: 'sid' } }, 'cacheContext.credentials.cookies'],
      [{ cache, credentials: { cookies: ['a b'] } }, 'cacheContext.credentials.cookies'],
      [{ cache, credentials: { headers: ['a b'] } }, 'cacheContext.credentials.headers'],
      [{ cache, identityHeaders: [7] }, 'cacheContext.identityHeaders'],
    ]
    for (const [options, option] of bad) {
      expect(() => new ContextDefinition(options as never)).toThrow(
        expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option }),
      )
    }
  })
})
