import { describe, expect, it } from 'vitest'
import { gateRequest } from '../../../src/http/decide/request-gate.js'
import { refusedLate, storableFor, type StoringRules } from '../../../src/http/decide/storable.js'
import { fieldLines, type HeaderFields } from '../../../src/http/syntax/header-fields.js'
import { formatHttpDate } from '../../../src/http/syntax/http-date.js'
import { sketchRequest } from './request.js'

const NOW = Date.UTC(2026, 6, 1, 12)
const SHARED: StoringRules = {
  shared: true,
  ttl: 60_000,
  statuses: new Set([200]),
  setCookie: 'refuse',
  credentialHeaders: new Set(['x-api-key']),
  keyedHeaders: new Set(),
  needsPermission: false,
}
const PRIVATE: StoringRules = { ...SHARED, shared: false }
const WITHOUT_TTL: StoringRules = { ...SHARED, ttl: 0 }

const judge = (status: number, fields: HeaderFields, rules: StoringRules = SHARED) =>
  storableFor({ status, lines: fieldLines(fields), now: NOW, delay: 0 }, rules)
const outcome = (status: number, fields: HeaderFields, rules: StoringRules = SHARED) => {
  const verdict = judge(status, fields, rules)
  return verdict.store ? 'stored' : verdict.reason
}
const cc = (...lines: string[]): HeaderFields => lines.map((line) => ['Cache-Control', line] as const)

// ---------------------------------------------------------------------------------------------------------------------
// T-11: which of 40 statuses is stored under which of 12 sets of headers, whatever the method.

const STATUSES = [
  100, 101, 103, 200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402,
  403, 404, 405, 407, 409, 410, 412, 414, 416, 418, 422, 429, 451, 500, 501, 503, 599,
]
const NOTHING: readonly number[] = []
/** Every final status but those about one request (206, 304, 412, 416) and those about a credential or a budget. */
const FINAL = [
  200, 201, 202, 203, 204, 205, 207, 226, 299, 300, 301, 302, 303, 307, 308, 400, 402, 404, 405, 409, 410, 414, 418,
  422, 451, 500, 501, 503, 599,
]
const UNDERSTOOD = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501]
const HEADER_SETS: readonly (readonly [name: string, fields: HeaderFields, stored: readonly number[]])[] = [
  ['nothing said', [], [200]],
  ['public alone', cc('public'), [200]],
  ['a lifetime', cc('max-age=60'), FINAL],
  ['an Expires ahead', [['Expires', formatHttpDate(NOW + 60_000)]], FINAL],
  ['a lifetime of nothing', cc('max-age=0'), NOTHING],
  ['an Expires behind', [['Expires', formatHttpDate(NOW - 60_000)]], NOTHING],
  ['private with a lifetime', cc('private, max-age=60'), NOTHING],
  ['no-store with a lifetime', cc('no-store, max-age=60'), NOTHING],
  ['no-cache with a lifetime', cc('no-cache, max-age=60'), NOTHING],
  ['a cookie with a lifetime', [...cc('max-age=60'), ['Set-Cookie', 'a=b']], NOTHING],
  ['Vary: * with a lifetime', [...cc('max-age=60'), ['Vary', '*']], NOTHING],
  ['must-understand', cc('must-understand, no-store, max-age=60'), UNDERSTOOD],
]

describe.each(HEADER_SETS)('with %s', (_, fields, stored) => {
  it.each(STATUSES)('a response of status %i', (status) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const eligible = gateRequest(sketchRequest({ method })).kind === 'eligible'
      const kept = eligible && method === 'GET' && judge(status, fields).store
      expect([method, kept]).toEqual([method, method === 'GET' && stored.includes(status)])
    }
  })
})

it('the matrix has 40 statuses and 12 sets of headers', () => {
  expect([new Set(STATUSES).size, HEADER_SETS.length]).toEqual([40, 12])
})

describe('a status that the route lists', () => {
  const listed = { ...SHARED, statuses: new Set([200, 404, 401, 206, 304]) }

  it('lives by the ttl of the route', () => {
    expect(judge(404, [], listed)).toMatchObject({ store: true, ttl: 60_000 })
  })

  it('may even be one about a credential', () => {
    expect(outcome(401, [], listed)).toBe('stored')
    expect(outcome(401, [['WWW-Authenticate', 'Basic']], listed)).toBe('credential-header')
  })

  it('never is one about a single request', () => {
    expect(outcome(206, [], listed)).toBe('status')
    expect(outcome(304, [], listed)).toBe('status')
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// T-12: spellings of Cache-Control at a shared scope, on a route with a ttl of a minute.

const STORED = 'stored'
const SPELLINGS: readonly (readonly [lines: readonly string[], outcome: string])[] = [
  // said plainly
  [['max-age=60'], STORED],
  [['public, max-age=60'], STORED],
  [['s-maxage=60'], STORED],
  [['s-maxage=60, max-age=0'], STORED],
  [['max-age=60, s-maxage=0'], 'not-fresh'],
  [['immutable, max-age=60'], STORED],
  [['no-transform'], STORED],
  [['must-revalidate'], STORED],
  [['proxy-revalidate'], STORED],
  [['stale-while-revalidate=5'], STORED],
  [['no-store'], 'no-store'],
  [['private'], 'private'],
  [['no-cache'], 'no-cache'],
  [['max-age=0'], 'not-fresh'],
  [['s-maxage=0'], 'not-fresh'],
  // case
  [['No-Store'], 'no-store'],
  [['NO-STORE'], 'no-store'],
  [['nO-sToRe'], 'no-store'],
  [['Private'], 'private'],
  [['PRIVATE, max-age=60'], 'private'],
  [['No-Cache'], 'no-cache'],
  [['MAX-AGE=0'], 'not-fresh'],
  [['Max-Age=60'], STORED],
  [['S-MaxAge=0, max-age=60'], 'not-fresh'],
  // white space and separators
  [[' no-store '], 'no-store'],
  [['\tno-store\t'], 'no-store'],
  [['max-age=60,no-store'], 'no-store'],
  [['max-age=60 ,\tno-store'], 'no-store'],
  [[',,no-store,,'], 'no-store'],
  [[', max-age=60 ,'], STORED],
  [[''], STORED],
  [[' '], STORED],
  [[','], STORED],
  // several lines
  [['max-age=60', 'no-store'], 'no-store'],
  [['no-store', 'max-age=60'], 'no-store'],
  [['max-age=60', 'private'], 'private'],
  [['', 'private'], 'private'],
  [['public', 'max-age=60'], STORED],
  // quoted arguments
  [['max-age="60"'], STORED],
  [['max-age="0"'], 'not-fresh'],
  [['ext="no-store"'], STORED],
  [['ext="a, private"'], STORED],
  [['ext="a, private", private'], 'private'],
  [[String.raw`ext="\", no-store", max-age=60`], STORED],
  [[String.raw`ext="\"", no-store`], 'no-store'],
  [['no-store="x"'], 'no-store'],
  [['no-store=1'], 'no-store'],
  [['no-store=false'], 'no-store'],
  // qualified forms
  [['private="x-user", max-age=60'], STORED],
  [['no-cache="x-user", max-age=60'], STORED],
  [['private="x-user", private'], 'private'],
  [['private, private="x-user"'], 'private'],
  [['private=""'], 'private'],
  [['private=" "'], 'private'],
  [['private="a b"'], 'private'],
  [['private=x-user'], 'private'],
  [['no-cache=""'], 'no-cache'],
  [['no-cache=x-user'], 'no-cache'],
  [['no-cache="a", no-cache'], 'no-cache'],
  // repeated directives: the first counts
  [['max-age=60, max-age=0'], STORED],
  [['max-age=0, max-age=60'], 'not-fresh'],
  // numbers that are none
  [['max-age=-1'], 'not-fresh'],
  [['max-age=60a'], 'not-fresh'],
  [['max-age=60.0'], 'not-fresh'],
  [["max-age='60'"], 'not-fresh'],
  [['max-age=0x10'], 'not-fresh'],
  [['max-age'], 'not-fresh'],
  [['max-age=0060'], STORED],
  [['max-age=99999999999999999999'], STORED],
  // names that only look alike
  [['no-stored'], STORED],
  [['xprivate'], STORED],
  [['private-ish, max-age=60'], STORED],
  [['no_store'], STORED],
  [['community="UCI", max-age=60'], STORED],
  // broken
  [['no-store;'], 'malformed'],
  [['max-age=60; private'], 'malformed'],
  [['private="x'], 'malformed'],
  [['max-age = 60'], 'malformed'],
  [['max-age=60 private'], 'malformed'],
  [['max-age=60, "private"'], 'malformed'],
]

describe('Cache-Control', () => {
  it.each(SPELLINGS)('%j is %s', (lines, expected) => {
    expect(outcome(200, cc(...lines))).toBe(expected)
  })

  it('has eighty spellings here', () => {
    expect(SPELLINGS).toHaveLength(80)
  })

  it.each(['private', 'Private, max-age=60', 's-maxage=0, private', 'private=x'])(
    'lets one person’s own cache store %j',
    (line) => {
      expect(outcome(200, cc(line), PRIVATE)).toBe(STORED)
    },
  )

  it.each(['no-store', 'no-cache', 'max-age=0', 'private="'])('keeps %j out of every cache', (line) => {
    expect(outcome(200, cc(line), PRIVATE)).not.toBe(STORED)
  })

  it.each(['Surrogate-Control', 'CDN-Cache-Control'])('has a relative, %s, whose no-store counts', (name) => {
    expect(outcome(200, [[name, 'No-Store'], ...cc('max-age=60')])).toBe('no-store')
    expect(outcome(200, [[name, 'max-age=5']])).toBe(STORED)
  })

  it('withholds the fields that its qualified forms name', () => {
    const verdict = judge(200, cc('private="X-User, x-b"', 'no-cache="x-c"'))
    expect(verdict).toMatchObject({ store: true, withheld: ['x-user', 'x-b', 'x-c'], mustRevalidate: true })
  })

  it.each([
    ['must-revalidate', true, true],
    ['proxy-revalidate', true, false],
    ['s-maxage=60', true, false],
    ['max-age=60', false, false],
  ])('%s forbids serving stale: %s in a shared cache, %s in a private one', (line, shared, own) => {
    expect(judge(200, cc(line))).toMatchObject({ mustRevalidate: shared })
    expect(judge(200, cc(line), PRIVATE)).toMatchObject({ mustRevalidate: own })
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// T-13: spellings of Vary and CORS.

const many = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}`).join(', ')
const acao = (origin: string) => ['Access-Control-Allow-Origin', origin] as const
type Selects = readonly string[] | string
const VARIES: readonly [fields: HeaderFields, shared: Selects, own?: Selects][] = [
  [[], []],
  [[['Vary', '']], []],
  [[['Vary', ' , ,']], []],
  [[['Vary', 'Accept-Encoding']], ['accept-encoding']],
  [[['Vary', 'accept-encoding']], ['accept-encoding']],
  [[['VARY', 'ACCEPT-ENCODING']], ['accept-encoding']],
  [[['Vary', 'Accept-Encoding, accept-encoding']], ['accept-encoding']],
  [
    [
      ['Vary', 'Accept-Encoding'],
      ['Vary', 'Accept-Language'],
    ],
    ['accept-encoding', 'accept-language'],
  ],
  [[['Vary', ' Accept ,\tX-Y ']], ['accept', 'x-y']],
  [[['Vary', 'Accept,,X-Y']], ['accept', 'x-y']],
  [[['Vary', 'X-Unknown-Header']], ['x-unknown-header']],
  [[['Vary', '__proto__']], ['__proto__']],
  [[['Vary', 'constructor']], ['constructor']],
  [[['Vary', 'User-Agent']], ['user-agent']],
  [[['Vary', '*']], 'vary'],
  [[['Vary', ' *']], 'vary'],
  [[['Vary', '* ']], 'vary'],
  [[['Vary', '\t*\t']], 'vary'],
  [[['Vary', '*,*']], 'vary'],
  [[['Vary', 'Accept, *']], 'vary'],
  [[['Vary', '*, Accept']], 'vary'],
  [[['Vary', 'Accept,*,Origin']], 'vary'],
  [
    [
      ['Vary', 'Accept'],
      ['Vary', '*'],
    ],
    'vary',
  ],
  [
    [
      ['Vary', ''],
      ['Vary', ' * '],
    ],
    'vary',
  ],
  [[['Vary', ',*']], 'vary'],
  [[['Vary', 'not a token, *']], 'vary'],
  [[['Vary', '"*"']], 'malformed'],
  [[['Vary', 'a b']], 'malformed'],
  [[['Vary', 'Accept; q=1']], 'malformed'],
  [[['Vary', 'Accept:']], 'malformed'],
  [[['Vary', '(Accept)']], 'malformed'],
  [[['Vary', 'Accept\u0000']], 'malformed'],
  [[['Vary', 'Ac\u00e7ept']], 'malformed'],
  [
    [
      ['Vary', 'Accept'],
      ['Vary', 'a/b'],
    ],
    'malformed',
  ],
  [[['Vary', 'Cookie']], 'vary', ['cookie']],
  [[['Vary', 'cookie']], 'vary', ['cookie']],
  [[['Vary', 'COOKIE, Accept']], 'vary', ['cookie', 'accept']],
  [[['Vary', 'Accept, Cookie']], 'vary', ['accept', 'cookie']],
  [[['Vary', 'Authorization']], 'vary', ['authorization']],
  [[['Vary', 'aUTHORIZATION']], 'vary', ['authorization']],
  [
    [
      ['Vary', 'Accept'],
      ['Vary', 'Authorization'],
    ],
    'vary',
    ['accept', 'authorization'],
  ],
  [[['Vary', 'Cookie2']], ['cookie2']],
  [[['Vary', many(20)]], many(20).split(', ')],
  [[['Vary', many(21)]], 'vary'],
  [[['Vary', `${many(20)}, X-0, x-19`]], many(20).split(', ')],
  [
    [
      ['Vary', many(10)],
      ['Vary', 'y'],
    ],
    [...many(10).split(', '), 'y'],
  ],
  [[['Vary', many(1000)]], 'vary'],
  [[['Vary', 'Origin']], ['origin']],
  [[acao('*')], []],
  [[acao('*'), ['Vary', 'Accept']], ['accept']],
  [[acao('https://a.example')], ['origin']],
  [[acao('https://b.example')], ['origin']],
  [[acao('null')], ['origin']],
  [[acao('')], ['origin']],
  [[acao(' *')], ['origin']],
  [[acao('*, *')], ['origin']],
  [[acao('https://a.example'), ['Vary', 'Origin']], ['origin']],
  [
    [acao('https://a.example'), ['Vary', 'Accept']],
    ['accept', 'origin'],
  ],
  [[acao('https://a.example'), acao('https://b.example')], ['origin']],
  [[acao('https://a.example'), ['Vary', many(20)]], 'vary'],
]

describe('Vary', () => {
  it.each(VARIES.map(([fields, shared, own = shared]) => ({ fields, shared, own })))(
    '$fields selects by $shared',
    ({ fields, shared, own }) => {
      const select = (rules: StoringRules): Selects => {
        const verdict = judge(200, fields, rules)
        return verdict.store ? verdict.vary : verdict.reason
      }
      expect(select(SHARED)).toEqual(shared)
      expect(select(PRIVATE)).toEqual(own)
    },
  )

  it('has sixty spellings here', () => {
    expect(VARIES).toHaveLength(60)
  })

  it('adds nothing for headers that are part of the key anyway, a cookie at a shared scope included', () => {
    const keyed = { ...SHARED, keyedHeaders: new Set(['cookie', 'accept']) }
    expect(judge(200, [['Vary', 'Cookie, Accept, X-Y']], keyed)).toMatchObject({ store: true, vary: ['x-y'] })
  })
})

// ---------------------------------------------------------------------------------------------------------------------

describe('headers that concern one person', () => {
  it.each([
    'Set-Cookie2',
    'WWW-Authenticate',
    'Proxy-Authenticate',
    'Authentication-Info',
    'Proxy-Authentication-Info',
    'Clear-Site-Data',
    'Authorization',
    'CSRF-Token',
    'X-CSRF-Token',
    'X-XSRF-Token',
    'X-Auth-Token',
    'X-Access-Token',
    'X-Refresh-Token',
    'X-Session-Token',
    'X-Api-Key',
  ])('%s keeps the response out of every scope', (name) => {
    for (const rules of [SHARED, PRIVATE]) expect(outcome(200, [[name, 'x']], rules)).toBe('credential-header')
  })

  it('a policy with a nonce does, too, a policy without one does not', () => {
    expect(outcome(200, [['Content-Security-Policy', "script-src 'Nonce-abc'"]])).toBe('csp-nonce')
    expect(outcome(200, [['Content-Security-Policy-Report-Only', "script-src 'nonce-abc'"]])).toBe('csp-nonce')
    expect(outcome(200, [['Content-Security-Policy', "default-src 'self'"]])).toBe(STORED)
  })

  it('a cookie does, unless the route stores it or drops that very cookie', () => {
    const cookies: HeaderFields = [
      ['Set-Cookie', 'sid=1; Path=/'],
      ['Set-Cookie', ' theme =dark'],
    ]
    expect(outcome(200, cookies, PRIVATE)).toBe('set-cookie')
    expect(outcome(200, cookies, { ...SHARED, setCookie: 'store' })).toBe(STORED)
    expect(outcome(200, cookies, { ...SHARED, setCookie: new Set(['sid', 'theme']) })).toBe(STORED)
    expect(outcome(200, cookies, { ...SHARED, setCookie: new Set(['sid']) })).toBe('set-cookie')
    expect(outcome(200, cookies, { ...SHARED, setCookie: new Set(['SID', 'theme']) })).toBe('set-cookie')
  })

  it.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8', ' text/event-stream'])('%j is a stream', (type) => {
    expect(outcome(200, [['Content-Type', type]])).toBe('event-stream')
  })

  it('a type that only begins like a stream is none', () => {
    expect(outcome(200, [['Content-Type', 'text/event-streams']])).toBe(STORED)
  })
})

describe('a global response to a request with credentials', () => {
  const rules = { ...SHARED, needsPermission: true }

  it.each([
    ['', 'credentials'],
    ['max-age=60', 'credentials'],
    ['public', STORED],
    ['must-revalidate', STORED],
    ['s-maxage=60', STORED],
    ['public, private', 'private'],
  ])('with %j is %s', (line, expected) => {
    expect(outcome(200, cc(line), rules)).toBe(expected)
  })

  it('says whether it may be served to such requests, whoever asked first', () => {
    expect(judge(200, cc('public'))).toMatchObject({ permitted: true })
    expect(judge(200, [])).toMatchObject({ permitted: false })
  })
})

describe('the lifetime of a stored response', () => {
  it('is what is left of it', () => {
    expect(judge(200, [...cc('max-age=60'), ['Age', '20']])).toMatchObject({ ttl: 40_000, age: 20_000 })
    expect(outcome(200, [...cc('max-age=60'), ['Age', '60']])).toBe('not-fresh')
  })

  it('counts from the generation of the response for the route’s ttl, too', () => {
    expect(judge(200, [['Age', '50']])).toMatchObject({ ttl: 10_000 })
  })

  it('is missing where the route has no ttl and the response says nothing', () => {
    expect(outcome(200, [], WITHOUT_TTL)).toBe('not-fresh')
    expect(outcome(404, [], WITHOUT_TTL)).toBe('not-fresh')
    expect(outcome(404, [], SHARED)).toBe('status')
  })
})

describe('what is added while the head is written', () => {
  const late = (...fields: HeaderFields) => refusedLate(fieldLines(fields), SHARED)

  it.each([
    ['set-cookie', ['Set-Cookie', 'sid=1']],
    ['credential-header', ['X-CSRF-Token', 'x']],
    ['no-store', ['Cache-Control', 'private, no-store']],
    ['private', ['Cache-Control', 'private']],
    ['vary', ['Vary', '*']],
    ['vary', ['Vary', 'Cookie']],
    ['malformed', ['Vary', 'a b']],
    [undefined, ['Vary', 'Accept-Encoding']],
    [undefined, ['Content-Encoding', 'gzip']],
    [undefined, ['X-Powered-By', 'x']],
  ] as const)('refuses with %s for %j', (reason, field) => {
    expect(late(field)).toBe(reason)
  })
})
