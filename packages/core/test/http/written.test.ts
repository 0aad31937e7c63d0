import { describe, expect, it } from 'vitest'
import { mayWrite, writtenTargets } from '../../src/http/decide/written-targets.js'
import { App, MINE, gate, settle } from './harness.js'

describe('what a request has written', () => {
  const targets = (method: string, status: number, fields: Record<string, string> = {}, target = '/a/b?q') =>
    writtenTargets({ method, target, host: 'shop.example' }, status, Object.entries(fields))

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])('is nothing with %s', (method) => {
    expect(mayWrite(method)).toBe(false)
    expect(targets(method, 200)).toEqual([])
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH', 'post', 'UNKNOWN'])('is its own URL with %s', (method) => {
    expect(mayWrite(method)).toBe(true)
    expect(targets(method, 200)).toEqual(['/a/b?q'])
  })

  it.each([
    [200, 1],
    [201, 1],
    [204, 1],
    [303, 1],
    [399, 1],
    [400, 0],
    [404, 0],
    [500, 0],
    [103, 0],
  ])('with status %i is %i URL', (status, count) => {
    expect(targets('POST', status)).toHaveLength(count)
  })

  it.each([
    ['/c', '/c'],
    ['c', '/a/c'],
    ['?x', '/a/b?x'],
    ['http://shop.example/c?d#e', '/c?d'],
    ['https://SHOP.example/c', '/c'],
    ['//shop.example/c', '/c'],
    ['http://other.example/c', undefined],
    ['http://shop.example:81/c', undefined],
    ['mailto:a@shop.example', undefined],
    ['http://[', undefined],
  ])('is also what Location or Content-Location names: %s', (reference, target) => {
    const expected = target === undefined ? ['/a/b?q'] : ['/a/b?q', target]
    expect(targets('POST', 201, { Location: reference })).toEqual(expected)
    expect(targets('POST', 201, { 'Content-Location': reference })).toEqual(expected)
  })

  it('is named by an absolute-form target, too, and by nothing else', () => {
    expect(targets('POST', 200, {}, 'http://shop.example/c?d')).toEqual(['/c?d'])
    expect(targets('POST', 200, { Location: '/x' }, '*')).toEqual(['/x'])
  })
})

describe('a writing request', () => {
  /** One route at each level, all at the same URLs. */
  function shop() {
    const answer = () => new Response('x')
    const mine = new App(MINE, answer)
    const ours = mine.route({ scope: 'organization', ttl: '1m' }, answer)
    const all = mine.route({ scope: 'global', ttl: '1m' }, answer)
    const any = mine.route({ ...MINE, anonymous: 'global' }, answer)
    const apps = { mine, ours, all, any }
    const warm = async () => {
      for (const app of [mine, ours]) for (const as of ['o/u', 'o/v', 'p/u']) await app.get('/a', { as })
      await all.get('/a')
      await any.get('/a')
    }
    const cold = async () => {
      const state: string[] = []
      for (const as of ['o/u', 'o/v', 'p/u'])
        if (!(await mine.get('/a', { as })).includes('hit')) state.push(`mine ${as}`)
      for (const as of ['o/u', 'p/u']) if (!(await ours.get('/a', { as })).includes('hit')) state.push(`ours ${as}`)
      if (!(await all.get('/a')).includes('hit')) state.push('all')
      if (!(await any.get('/a')).includes('hit')) state.push('any')
      return state
    }
    return { ...apps, warm, cold }
  }

  it('forgets its URL in the caller’s own scope and those above, exactly', async () => {
    const { mine, warm, cold } = shop()
    await warm()
    expect(await cold()).toEqual([])
    await mine.get('/a', { as: 'o/u', method: 'POST' })
    expect(await cold()).toEqual(['mine o/u', 'ours o/u', 'all', 'any'])
    expect(await cold()).toEqual([])
  })

  it('forgets only what everybody shares where nobody knows who asks', async () => {
    const { mine, warm, cold } = shop()
    await warm()
    await mine.get('/a', { method: 'DELETE' })
    expect(await cold()).toEqual(['all', 'any'])
  })

  it('forgets nothing where it failed, or reads only', async () => {
    let status = 500
    const app = new App(MINE, ({ request }) => new Response('x', { status: request.method === 'GET' ? 200 : status }))
    await app.get('/a', { as: 'o/u' })
    for (status of [400, 409, 500, 503]) {
      await app.get('/a', { as: 'o/u', method: 'POST' })
      expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
    }
    status = 200
    await app.get('/a', { as: 'o/u', method: 'OPTIONS' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('forgets other URLs that its answer names, and their variants', async () => {
    const app = new App({ ...MINE, query: { ignore: ['utm'] } }, ({ request }) =>
      request.method === 'GET'
        ? new Response(request.headers.get('accept-language') ?? 'none', { headers: { Vary: 'Accept-Language' } })
        : new Response(null, { status: 201, headers: { Location: '/list?utm=x' } }),
    )
    for (const lang of ['en', 'fr']) await app.get('/list', { as: 'o/u', headers: { 'accept-language': lang } })
    await app.get('/create', { as: 'o/u', method: 'POST' })
    for (const lang of ['en', 'fr'])
      expect(await app.get('/list', { as: 'o/u', headers: { 'accept-language': lang } })).not.toMatch(/hit/)
  })

  it('keeps a response that was being made meanwhile out of the cache', async () => {
    const held = gate()
    const app = new App(MINE, async ({ request }) => {
      if (request.method === 'GET') await held.opened
      return new Response('x')
    })
    const reading = app.get('/a', { as: 'o/u' })
    await settle()
    await app.get('/a', { as: 'o/u', method: 'PUT' })
    held.open()
    await reading
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/uri-miss/)
  })

  it('is told by an identity that takes time', async () => {
    const app = new App(MINE, () => new Response('x'), {
      identity: async () => ({ status: 'resolved', ids: { organization: 'o', user: 'u' } }),
    })
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/hit/)
    await app.get('/a', { method: 'POST' })
    await app.cache.settled()
    expect(await app.get('/a')).toMatch(/uri-miss/)
  })

  it('of somebody whom an identity that takes time does not know forgets what everybody shares', async () => {
    const app = new App({ scope: 'global', ttl: '1m' }, () => new Response('x'), {
      identity: async () => ({ status: 'unresolved' }),
    })
    await app.get('/a')
    expect(await app.get('/a')).toMatch(/hit/)
    await app.get('/a', { method: 'POST' })
    await app.cache.settled()
    expect(await app.get('/a')).toMatch(/uri-miss/)
  })

  it('has nothing to forget where no route has answered yet, or where no key could be that long', async () => {
    const cold = new App(MINE, () => new Response('x'))
    expect(await cold.get('/a', { as: 'o/u', method: 'POST' })).toBe('200 | none | x')
    const app = new App(MINE, () => new Response('x'))
    const long = `/${'x'.repeat(9000)}`
    expect(await app.get(long, { as: 'o/u' })).toMatch(/key-too-long/)
    expect(await app.get(long, { as: 'o/u', method: 'POST' })).toBe('200 | none | x')
  })

  it('leaves routes alone that have a key of their own', async () => {
    const app = new App({ ...MINE, name: 'own', key: () => 'k' }, () => new Response('x'))
    await app.get('/a', { as: 'o/u' })
    await app.get('/a', { as: 'o/u', method: 'POST' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })
})
