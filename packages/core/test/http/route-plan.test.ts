import { createCache, type Logger } from '@cacheado/core'
import { Route } from '@cacheado/core/http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { App, MINE, SCOPES } from './harness.js'

describe('the options of a route', () => {
  it.each<[unknown, string]>([
    [undefined, 'cacheMiddleware'],
    [{}, 'cacheMiddleware.scope'],
    [{ scope: '' }, 'cacheMiddleware.scope'],
    [{ scope: 7 }, 'cacheMiddleware.scope'],
    [{ scope: 'user', ttl: -1 }, 'cacheMiddleware.ttl'],
    [{ scope: 'user', ttl: Number.NaN }, 'cacheMiddleware.ttl'],
    [{ scope: 'user', ttl: '1 minute' }, 'cacheMiddleware.ttl'],
    [{ scope: 'user', staleWhileRevalidate: -1 }, 'cacheMiddleware.staleWhileRevalidate'],
    [{ scope: 'user', staleIfError: 'x' }, 'cacheMiddleware.staleIfError'],
    [{ scope: 'user', tags: 'a' }, 'cacheMiddleware.tags'],
    [{ scope: 'user', tags: [''] }, 'cacheMiddleware.tags'],
    [{ scope: 'user', varyBy: { headers: ['a b'] } }, 'cacheMiddleware.varyBy.headers'],
    [{ scope: 'user', varyBy: { claims: [7] } }, 'cacheMiddleware.varyBy.claims'],
    [{ scope: 'user', varyBy: { claims: 'role' } }, 'cacheMiddleware.varyBy.claims'],
    [{ scope: 'user', key: 'k', name: 'n' }, 'cacheMiddleware.key'],
    [{ scope: 'user', key: () => 'k' }, 'cacheMiddleware.name'],
    [{ scope: 'user', query: { ignore: 'utm' } }, 'cacheMiddleware.query.ignore'],
    [{ scope: 'user', statuses: [199] }, 'cacheMiddleware.statuses'],
    [{ scope: 'user', statuses: ['200'] }, 'cacheMiddleware.statuses'],
    [{ scope: 'user', statuses: 404 }, 'cacheMiddleware.statuses'],
    [{ scope: 'user', maxBodyBytes: '1 MB' }, 'cacheMiddleware.maxBodyBytes'],
    [{ scope: 'user', omitHeaders: ['a b'] }, 'cacheMiddleware.omitHeaders'],
    [{ scope: 'user', setCookie: 'keep' }, 'cacheMiddleware.setCookie'],
    [{ scope: 'user', setCookie: { drop: 'sid' } }, 'cacheMiddleware.setCookie.drop'],
    [{ scope: 'user', anonymous: true }, 'cacheMiddleware.anonymous'],
    [{ scope: 'user', credentials: 'include' }, 'cacheMiddleware.credentials'],
    [{ scope: 'user', onMissingScope: 'skip' }, 'cacheMiddleware.onMissingScope'],
    [{ scope: 'user', skip: true }, 'cacheMiddleware.skip'],
    [{ scope: 'user', identity: () => ({ status: 'unresolved' }) }, 'cacheMiddleware.cache'],
  ])('%j are refused at %s', (options, option) => {
    expect(() => new Route(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG', option }))
  })

  it('are called what the adapter calls them', () => {
    expect(() => new Route({} as never, '@CacheScope')).toThrow(/^@CacheScope.scope/)
  })

  it('refuse an undeclared level as soon as the cache is known', async () => {
    const cache = createCache({ scopes: SCOPES })
    expect(() => new Route({ scope: 'usr', cache })).toThrow(expect.objectContaining({ code: 'ERR_CACHE_SCOPE' }))
    await expect(new App({ scope: 'usr' }, () => new Response('x')).get('/a')).rejects.toMatchObject({
      code: 'ERR_CACHE_SCOPE',
    })
  })

  it('refuse a name that another namespace has with other options', async () => {
    const app = new App({ ...MINE, name: 'invoices', maxEntries: 5 }, () => new Response('x'))
    app.cache.namespace('invoices', { maxEntries: 7 })
    await expect(app.get('/a', { as: 'o/u' })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG' })
  })

  it('allow the longest life and every duration', async () => {
    const app = new App({ scope: 'user', ttl: 'max' }, () => new Response('x'))
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/ttl=2592000/)
  })

  it('take the ttl of the cache where they have none', async () => {
    const app = new App({ scope: 'user' }, () => new Response('x'), { cacheOptions: { ttl: '7s' } })
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/ttl=7/)
  })
})

describe('notes in development', () => {
  const before = process.env['NODE_ENV']
  afterEach(() => {
    process.env['NODE_ENV'] = before
    vi.restoreAllMocks()
  })
  const silent = () => {}
  const logger = () => {
    const said: [string, Record<string, unknown>][] = []
    return {
      said,
      debug: silent,
      info: silent,
      error: silent,
      warn: (...line: never[]) => void said.push(line as never),
    } satisfies Logger & { said: unknown }
  }
  const noisy = async (options: object, env: string) => {
    process.env['NODE_ENV'] = env
    const app = new App(
      { ...MINE, name: 'noisy' },
      ({ request }) =>
        new Response('x', { headers: { 'Cache-Control': request.url.endsWith('a') ? 'no-store' : 'private' } }),
      { cacheOptions: options },
    )
    for (const url of ['/a', '/a', '/b']) await app.get(url, { as: 'o/u' })
    await app.get('/a')
  }

  it('say once for each route and reason why a response was not cached, and what would change it', async () => {
    const log = logger()
    await noisy({ logger: log }, 'development')
    expect(log.said.map(([, fields]) => fields)).toEqual([
      { route: 'noisy', reason: 'no-store' },
      { route: 'noisy', reason: 'private' },
      { route: 'noisy', reason: 'no-scope' },
    ])
    expect(log.said[1]?.[0]).toContain('use a personal level as scope')
  })

  it('go to the console where there is no logger', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await noisy({}, 'development')
    expect(warn).toHaveBeenCalledTimes(3)
  })

  it('are not made under test without a logger, nor in production', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const log = logger()
    await noisy({}, 'test')
    await noisy({ logger: log }, 'production')
    expect(warn).not.toHaveBeenCalled()
    expect(log.said).toEqual([])
  })

  it('name once what a hit skips', async () => {
    process.env['NODE_ENV'] = 'development'
    const log = logger()
    const app = new App({ ...MINE, name: 'skipping' }, () => new Response('x'), {
      cacheOptions: { logger: log },
      exchange: { skipped: () => ['audit'] },
    })
    for (let round = 0; round < 3; round++) await app.get('/a', { as: 'o/u' })
    expect(log.said).toEqual([
      [expect.stringContaining('a hit answers without running'), { route: 'skipping', skips: ['audit'] }],
    ])
    const quiet = new App({ ...MINE, name: 'quiet' }, () => new Response('x'), {
      cacheOptions: { logger: log },
      exchange: { skipped: () => [] },
    })
    for (let round = 0; round < 3; round++) await quiet.get('/a', { as: 'o/u' })
    expect(log.said).toHaveLength(1)
  })
})
