import { defineScopes } from '@cacheado/core'
import { describe, expect, it } from 'vitest'
import { App, MINE, gate, settle } from './harness.js'

const language = (as: string, lang?: string) => ({ as, headers: lang === undefined ? {} : { 'accept-language': lang } })

describe('a response that varies', () => {
  const byLanguage = () =>
    new App(
      { scope: 'organization', ttl: '1m' },
      ({ request }) =>
        new Response(request.headers.get('accept-language') ?? 'none', { headers: { Vary: 'Accept-Language' } }),
    )

  it('takes no room for long values, and is one for each of them all the same', async () => {
    const bytes = []
    for (const length of [1000, 5000]) {
      const app = new App(
        { scope: 'organization', ttl: '1m' },
        ({ request }) =>
          new Response(request.headers.get('accept-language')?.slice(-1), { headers: { Vary: 'Accept-Language' } }),
      )
      for (const last of ['x', 'y'])
        expect(await app.get('/a', language('o/u', 'x'.repeat(length) + last))).toBe(
          `200 | ${last === 'x' ? 'fwd=uri-miss' : 'fwd=vary-miss'}; stored | ${last}`,
        )
      for (const last of ['x', 'y'])
        expect(await app.get('/a', language('o/u', 'x'.repeat(length) + last))).toBe(`200 | hit; ttl=60 | ${last}`)
      bytes.push(app.cache.stats().bytes)
    }
    expect(bytes[0]).toBe(bytes[1])
  })

  it('is one for each value of the named header', async () => {
    const app = byLanguage()
    for (const lang of ['en', 'fr', undefined]) expect(await app.get('/a', language('o/u', lang))).toMatch(/stored/)
    for (const lang of ['en', 'fr', undefined])
      expect(await app.get('/a', language('o/v', lang))).toBe(`200 | hit; ttl=60 | ${lang ?? 'none'}`)
    expect(app.runs).toBe(3)
  })

  it('says that it was the variant that was missing', async () => {
    const app = byLanguage()
    expect(await app.get('/a', language('o/u', 'en'))).toMatch(/fwd=uri-miss/)
    expect(await app.get('/a', language('o/u', 'fr'))).toMatch(/fwd=vary-miss/)
  })

  it('counts one hit for each request', async () => {
    const app = byLanguage()
    await app.get('/a', language('o/u', 'en'))
    for (let at = 0; at < 3; at++) await app.get('/a', language('o/u', 'en'))
    expect(app.cache.stats()).toMatchObject({ hits: 3, misses: 1 })
  })

  it('is given to those who waited for it only if it is theirs', async () => {
    const held = gate()
    const app = new App(MINE, async ({ request }) => {
      await held.opened
      return new Response(request.headers.get('accept-language'), { headers: { Vary: 'Accept-Language' } })
    })
    const asked = ['en', 'en', 'fr', 'fr', 'en'].map((lang) => app.get('/a', language('o/u', lang)))
    await settle()
    expect(app.runs).toBe(1)
    held.open()
    const answers = await Promise.all(asked)
    expect(answers.map((answer) => answer.slice(-2))).toEqual(['en', 'en', 'fr', 'fr', 'en'])
    expect(app.runs).toBe(2)
  })

  it('by an origin is never another origin’s, said or not', async () => {
    const app = new App(
      MINE,
      ({ request }) =>
        new Response('x', { headers: { 'Access-Control-Allow-Origin': request.headers.get('origin') ?? '*' } }),
    )
    const from = async (origin: string) => {
      const answer = await app.request('/a', { as: 'o/u', headers: { origin } })
      await answer.text()
      return [answer.headers.get('cache-status')?.includes('hit'), answer.headers.get('access-control-allow-origin')]
    }
    for (const hit of [false, true]) {
      for (const origin of ['https://a.example', 'https://b.example', 'null'])
        expect(await from(origin)).toEqual([hit, origin])
    }
  })

  it('learns further headers, and then tells by all of them', async () => {
    const names = ['X-A']
    const app = new App(
      MINE,
      ({ request }) =>
        new Response([request.headers.get('x-a'), request.headers.get('x-b')].join(), {
          headers: { Vary: names.join() },
        }),
    )
    const ask = (a: string, b: string) => app.get('/a', { as: 'o/u', headers: { 'x-a': a, 'x-b': b } })
    expect(await ask('1', '1')).toMatch(/stored/)
    names.push('X-B')
    expect(await ask('2', '1')).toMatch(/stored/)
    // What was kept by fewer headers is out of reach: who asked for it cannot be told any more.
    expect(await ask('1', '1')).toMatch(/vary-miss.*1,1$/)
    expect(await ask('1', '2')).toMatch(/vary-miss.*1,2$/)
    for (const [a, b] of [
      ['2', '1'],
      ['1', '1'],
      ['1', '2'],
    ] as const)
      expect(await ask(a, b)).toMatch(new RegExp(`hit.*${a},${b}$`))
    names.length = 0
    expect(await ask('3', '1')).toMatch(/stored/)
    expect(await ask('3', '2')).toMatch(/vary-miss/)
  })

  it('has at most 20 headers over all its variants', async () => {
    let vary = Array.from({ length: 20 }, (_, at) => `x-${at}`).join()
    const app = new App(MINE, () => new Response('x', { headers: { Vary: vary } }))
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/stored/)
    vary = 'x-20'
    expect(await app.get('/a', { as: 'o/u', headers: { 'x-0': '1' } })).toMatch(/too-many-variants/)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('has at most 32 variants at a time', async () => {
    const app = byLanguage()
    const ask = (at: number) => app.get('/a', language('o/u', `x${at}`))
    for (let at = 0; at < 32; at++) expect(await ask(at)).toMatch(/stored/)
    expect(await ask(32)).toMatch(/too-many-variants/)
    expect(await ask(31)).toMatch(/hit/)
    app.clock.advance(60_001)
    expect(await ask(33)).toMatch(/stored/)
    expect(await app.get('/b', language('o/u', 'x99'))).toMatch(/stored/)
  })

  it('by a cookie is kept at a personal scope only, and the cookie is not in its key', async () => {
    const app = new App(
      MINE,
      ({ request }) => new Response(request.headers.get('cookie'), { headers: { Vary: 'Cookie' } }),
      { cacheOptions: { scopes: PERSONAL() } },
    )
    const ask = (cookie: string) => app.get('/a', { as: 'o/u', headers: { cookie } })
    expect(await ask('a=1')).toMatch(/stored/)
    expect(await ask('a=2')).toMatch(/stored/)
    expect(await ask('a=1')).toMatch(/hit.*a=1$/)
    expect(await ask('a=2')).toMatch(/hit.*a=2$/)
  })

  it('is not kept where its key would be too long', async () => {
    const long = 'x'.repeat(9000)
    const app = byLanguage()
    expect(await app.get('/a', language('o/u', long))).toMatch(/too-many-variants/)
    await app.get('/a', language('o/u', 'en'))
    expect(await app.get('/a', language('o/u', long))).toMatch(/key-too-long/)
    const keyed = new App({ ...MINE, varyBy: { headers: ['x-a'] } }, () => new Response('x'))
    expect(await keyed.get('/a', { as: 'o/u', headers: { 'x-a': long } })).toMatch(/key-too-long/)
  })

  it('forgets its variants with the scope', async () => {
    const app = byLanguage()
    await app.get('/a', language('o/u', 'en'))
    await app.cache.at('organization', { organization: 'o' }).invalidate()
    expect(await app.get('/a', language('o/u', 'en'))).toMatch(/uri-miss/)
  })

  it('is renewed as the variant that it is', async () => {
    const app = byLanguage()
    for (const lang of ['en', 'fr']) await app.get('/a', language('o/u', lang))
    app.clock.advance(60_001)
    for (const lang of ['en', 'fr'])
      expect(await app.get('/a', language('o/u', lang))).toMatch(new RegExp(`vary-miss; stored \\| ${lang}`))
    for (const lang of ['en', 'fr']) expect(await app.get('/a', language('o/u', lang))).toMatch(/hit/)
  })
})

describe('varyBy', () => {
  it('headers are part of the key without being named in Vary', async () => {
    const app = new App(
      { ...MINE, varyBy: { headers: ['X-Theme'] } },
      ({ request }) => new Response(request.headers.get('x-theme') ?? 'none'),
    )
    const ask = (theme?: string) =>
      app.get('/a', { as: 'o/u', headers: theme === undefined ? {} : { 'x-theme': theme } })
    for (const theme of ['dark', 'light', undefined]) expect(await ask(theme)).toMatch(/stored/)
    for (const theme of ['dark', 'light', undefined])
      expect(await ask(theme)).toMatch(new RegExp(`hit.*${theme ?? 'none'}$`))
  })

  it('headers make one handler run for each value', async () => {
    const app = new App({ ...MINE, varyBy: { headers: ['X-Theme'] } }, async ({ request }) => {
      await settle()
      return new Response(request.headers.get('x-theme'))
    })
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => app.get('/a', { as: 'o/u', headers: { 'x-theme': `t${at % 2}` } })),
    )
    expect(app.runs).toBe(2)
    answers.forEach((answer, at) => expect(answer).toMatch(new RegExp(`t${at % 2}$`)))
  })

  it('claims are part of the key, whatever they are', async () => {
    const app = new App(
      { scope: 'organization', ttl: '1m', varyBy: { claims: ['role'] } },
      ({ claims }) => new Response(JSON.stringify(claims?.['role'])),
    )
    const roles: unknown[] = [
      'admin',
      'viewer',
      ['admin'],
      ['admin', 'viewer'],
      ['viewer', 'admin'],
      { a: 1 },
      7,
      '7',
      null,
      true,
      'true',
      undefined,
    ]
    const ask = (role: unknown) =>
      app.get('/a', { claims: { org: 'o', sub: 'u', ...(role === undefined ? {} : { role }) } })
    for (const role of roles) expect(await ask(role)).toMatch(/stored/)
    for (const role of roles) expect(await ask(role)).toBe(`200 | hit; ttl=60 | ${JSON.stringify(role) ?? ''}`)
    expect(app.runs).toBe(roles.length)
  })

  it('claims count at the global scope, too, and those of the application where the identity has none', async () => {
    const identity = () => ({ status: 'unresolved' }) as const
    const app = new App(
      { scope: 'global', ttl: '1m', varyBy: { claims: ['plan'] } },
      ({ claims }) => new Response(claims?.['plan'] as string),
      { identity },
    )
    for (const plan of ['free', 'paid']) expect(await app.get('/a', { claims: { plan } })).toMatch(/stored/)
    for (const plan of ['free', 'paid'])
      expect(await app.get('/a', { claims: { plan } })).toMatch(new RegExp(`hit.*${plan}$`))
    expect(await app.get('/a')).toMatch(/claims-unknown/)
  })

  it('claims that nobody knows, or that are no plain data, are not shared', async () => {
    const app = new App({ scope: 'organization', ttl: '1m', varyBy: { claims: ['role'] } }, () => new Response('x'), {
      identity: (request) => {
        const role = request.header('x-role')
        const ids = { organization: 'o' }
        return role === undefined
          ? { status: 'resolved', ids }
          : { status: 'resolved', ids, claims: { role: () => role } }
      },
    })
    for (const headers of [{}, { 'x-role': 'admin' }]) {
      for (let round = 0; round < 2; round++)
        expect(await app.get('/a', { headers })).toMatch(/fwd=bypass; detail=claims-unknown/)
    }
  })
})

function PERSONAL() {
  return defineScopes({ organization: 'global', user: 'organization' }, { personal: ['user'] })
}
