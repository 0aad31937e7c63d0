import { describe, expect, it } from 'vitest'
import { App, MINE, gate, settle } from './harness.js'

const ok = (body: string, headers: Record<string, string> = {}, status = 200) => new Response(body, { status, headers })
const many = (count: number, ask: (at: number) => Promise<string>) => Array.from({ length: count }, (_, at) => ask(at))

describe('requests for one response at the same time', () => {
  it('run the handler once', async () => {
    const held = gate()
    const app = new App(MINE, async () => {
      await held.opened
      return ok('x')
    })
    const asked = many(200, () => app.get('/a', { as: 'o/u' }))
    await settle()
    expect(app.runs).toBe(1)
    expect(app.cache.stats().inFlight).toBe(1)
    held.open()
    const answers = await Promise.all(asked)
    expect(answers.filter((answer) => answer === '200 | fwd=uri-miss; stored | x')).toHaveLength(1)
    expect(answers.filter((answer) => answer === '200 | fwd=uri-miss; collapsed | x')).toHaveLength(199)
    expect(app.runs).toBe(1)
    expect(app.cache.stats()).toMatchObject({ inFlight: 0, loads: 1, misses: 200 })
  })

  it('do so for each caller', async () => {
    const app = new App(MINE, async () => {
      await settle()
      return ok('x')
    })
    await Promise.all(many(30, (at) => app.get('/a', { as: `o/u${at % 3}` })))
    expect(app.runs).toBe(3)
  })

  it('get the head and body that a later reader would get, 304 for who has it', async () => {
    const held = gate()
    const app = new App({ ...MINE, omitHeaders: ['X-Live'] }, async () => {
      await held.opened
      return ok('x', { ETag: '"1"', 'X-Live': '1' })
    })
    const first = app.request('/a', { as: 'o/u' })
    await settle()
    const second = app.request('/a', { as: 'o/u' })
    const third = app.request('/a', { as: 'o/u', headers: { 'if-none-match': '"1"' } })
    await settle()
    held.open()
    // The body of the first has to be read: it flows to its client, and past it into the cache.
    expect([(await first).headers.get('x-live'), await (await first).text()]).toEqual(['1', 'x'])
    expect([(await second).headers.get('x-live'), await (await second).text()]).toEqual([null, 'x'])
    expect((await third).status).toBe(304)
  })

  it('learn at its head that a response cannot be shared, and run in parallel while its body still flows', async () => {
    const body = gate()
    const app = new App(MINE, async ({ request }) => {
      await settle()
      if (app.runs > 1) return ok(`own ${request.headers.get('x-n')}`, { 'Set-Cookie': 'a=b' })
      return new Response(
        new ReadableStream({
          async pull(c) {
            await body.opened
            c.close()
          },
        }),
        { headers: { 'Set-Cookie': 'a=b' } },
      )
    })
    const first = app.request('/a', { as: 'o/u' })
    await Promise.resolve()
    const others = await Promise.all(many(20, (at) => app.get('/a', { as: 'o/u', headers: { 'x-n': String(at) } })))
    expect(app.runs).toBe(21)
    others.forEach((answer, at) => expect(answer).toMatch(new RegExp(`own ${at}$`)))
    body.open()
    await (await first).text()
  })

  it.each<[string, () => Response]>([
    ['private', () => ok('x', { 'Cache-Control': 'private' })],
    ['a cookie', () => ok('x', { 'Set-Cookie': 'a=b' })],
    ['a failure', () => ok('x', {}, 500)],
    ['a redirect', () => ok('', { Location: '/b' }, 302)],
    ['a stream of events', () => ok('x', { 'Content-Type': 'text/event-stream' })],
    ['too large a body', () => ok('x'.repeat(2000))],
    ['too large a body that says so', () => ok('x'.repeat(2000), { 'Content-Length': '2000' })],
  ])('each get their own answer where it is %s', async (_, answer) => {
    const app = new App({ scope: 'organization', ttl: '1m', maxBodyBytes: 1000 }, async () => {
      await settle()
      return answer()
    })
    const answers = await Promise.all(many(100, (at) => app.get('/a', { as: `o/u${at}` })))
    expect(app.runs).toBe(100)
    expect(answers.every((text) => !text.includes('collapsed'))).toBe(true)
    expect(app.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 })
  })

  /** How many of fifty requests run at the same time, and how often the handler runs for all of them. */
  async function wave(app: App, held: { open: () => void }): Promise<[together: number, altogether: number]> {
    const before = app.runs
    const asked = many(50, () => app.get('/a', { as: 'o/u' }))
    await settle()
    const together = app.runs - before
    held.open()
    await Promise.all(asked)
    return [together, app.runs - before]
  }

  it('do not wait for one another where the last response could not be stored, for two seconds', async () => {
    let held = gate()
    let shareable = false
    const app = new App(MINE, async () => {
      await held.opened
      return ok('x', shareable ? {} : { 'Cache-Control': 'no-store' })
    })
    expect(await wave(app, held)).toEqual([1, 50])
    held = gate()
    expect(await wave(app, held)).toEqual([50, 50])
    held = gate()
    shareable = true
    app.clock.advance(2001)
    expect(await wave(app, held)).toEqual([1, 1])
  })

  it('wait again within these two seconds once a response could be stored', async () => {
    let held = gate()
    let shareable = false
    const app = new App(MINE, async () => {
      await held.opened
      return ok('x', shareable ? {} : { 'Cache-Control': 'no-store' })
    })
    expect(await wave(app, held)).toEqual([1, 50])
    shareable = true
    await app.get('/a', { as: 'o/u' })
    await app.cache.clear()
    held = gate()
    expect(await wave(app, held)).toEqual([1, 1])
  })

  it('may store a response that can be stored within these two seconds', async () => {
    let shareable = false
    const app = new App(MINE, () => ok('x', shareable ? {} : { 'Set-Cookie': 'first=visit' }))
    await app.get('/a', { as: 'o/u' })
    shareable = true
    await app.get('/a', { as: 'o/u' })
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('wait again at once after a failure, which says nothing about the next response', async () => {
    let failing = true
    const app = new App(MINE, async () => {
      await settle()
      return ok('x', {}, failing ? 500 : 200)
    })
    await app.get('/a', { as: 'o/u' })
    failing = false
    const before = app.runs
    await Promise.all(many(50, () => app.get('/a', { as: 'o/u' })))
    expect(app.runs - before).toBe(1)
  })

  it('find a new leader where the first one’s client goes away', async () => {
    const held = gate()
    const app = new App(MINE, async () => {
      await held.opened
      return app.runs === 1 ? new Response(new ReadableStream({ pull: () => new Promise(() => {}) })) : ok('x')
    })
    const first = app.request('/a', { as: 'o/u' })
    const others = many(20, () => app.get('/a', { as: 'o/u' }))
    await settle()
    held.open()
    await (await first).body?.cancel()
    const answers = await Promise.all(others)
    expect(app.runs).toBe(2)
    expect(answers.filter((answer) => answer.includes('collapsed'))).toHaveLength(19)
  })

  it('find a new leader where the handler throws; what it threw reaches its own caller alone', async () => {
    const held = gate()
    const broken = new Error('mine')
    const app = new App(MINE, async () => {
      await held.opened
      if (app.runs === 1) throw broken
      return ok('x')
    })
    const first = app.get('/a', { as: 'o/u' }).catch((error: unknown) => error)
    const others = many(5, () => app.get('/a', { as: 'o/u' }))
    await settle()
    held.open()
    expect(await first).toBe(broken)
    expect((await Promise.all(others)).every((answer) => answer.endsWith('| x'))).toBe(true)
    expect(app.runs).toBe(2)
  })

  it('run alone after five seconds, and the key is usable again at once', async () => {
    const app = new App(MINE, () => (app.runs === 1 ? new Promise<Response>(() => {}) : ok('x')))
    void app.get('/a', { as: 'o/u' })
    const others = many(3, () => app.get('/a', { as: 'o/u' }))
    await settle()
    expect(app.runs).toBe(1)
    app.clock.advance(5000)
    expect((await Promise.all(others)).filter((answer) => answer.includes('stored'))).toHaveLength(1)
    expect(app.runs).toBe(4)
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit/)
  })

  it('look again where the scope was invalidated meanwhile, and never get what was made before', async () => {
    const held = gate()
    let version = 'old'
    const app = new App(MINE, async () => {
      const made = version
      await held.opened
      return ok(made)
    })
    const first = app.get('/a', { as: 'o/u' })
    await settle()
    version = 'new'
    await app.cache.at('organization', { organization: 'o' }).invalidate()
    const second = app.get('/a', { as: 'o/u' })
    await settle()
    held.open()
    expect([await first, await second].map((answer) => answer.split(' | ')[2])).toEqual(['old', 'new'])
    expect(await app.get('/a', { as: 'o/u' })).toMatch(/hit.*new/)
  })

  it('run for themselves in the end where it is invalidated again and again', async () => {
    const held: ReturnType<typeof gate<void>>[] = []
    const app = new App(MINE, async () => {
      const mine = gate()
      held.push(mine)
      await mine.opened
      return ok('x')
    })
    const asked = many(2, () => app.get('/a', { as: 'o/u' }))
    for (let round = 0; round < 3; round++) {
      await settle()
      await app.cache.at('user', { organization: 'o', user: 'u' }).invalidate()
      // The next one leads before the second learns that what it waited for is outdated.
      asked.push(app.get('/a', { as: 'o/u' }))
      await settle()
      held[round]?.open()
    }
    await settle()
    expect(app.runs).toBe(5)
    held.forEach(({ open }) => open())
    for (const answer of await Promise.all(asked)) expect(answer).toMatch(/^200 .*x$/)
    expect(app.cache.stats().inFlight).toBe(0)
  })

  it('get the failure of none but their own handler where nothing stale is left', async () => {
    const held = gate()
    let failing = false
    const app = new App(
      { ...MINE, staleIfError: '1h', tags: ['t'] },
      async () => {
        if (!failing) return ok('good')
        await held.opened
        return app.runs === 2 ? ok('bad', {}, 503) : ok('own')
      },
      { exchange: { error: () => (app.runs === 2 ? new Error('thrown') : undefined) } },
    )
    await app.get('/a', { as: 'o/u' })
    app.clock.advance('2m')
    failing = true
    const first = app.get('/a', { as: 'o/u' })
    await settle()
    const second = app.get('/a', { as: 'o/u' })
    await settle()
    await app.cache.at('user', { organization: 'o', user: 'u' }).invalidateTags(['t'])
    held.open()
    expect([await first, await second].map((answer) => answer.slice(0, 3))).toEqual(['503', '200'])
    const nothing = new App(
      MINE,
      async () => {
        await settle()
        return ok('x', {}, 404)
      },
      { exchange: { error: () => new Error('thrown') } },
    )
    await Promise.all(many(3, () => nothing.get('/a', { as: 'o/u' })))
    expect(nothing.runs).toBe(3)
  })

  it('are not waited for by a second middleware of the same route in the same request', async () => {
    const app = new App(MINE, async ({ context }) => {
      const inner = await app.again(context)
      return ok(inner)
    })
    expect(await app.get('/a', { as: 'o/u' })).toBe('200 | fwd=uri-miss; stored | run')
  })
})
