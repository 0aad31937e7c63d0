import { describe, expect, it } from 'vitest'
import { replayFields, type ReplayRules } from '../../../src/http/decide/replay-fields.js'
import { fieldLines, type HeaderFields } from '../../../src/http/syntax/header-fields.js'

const RULES: ReplayRules = { omitHeaders: new Set(['x-omitted']), setCookie: 'refuse' }
const replayed = (fields: HeaderFields, before: HeaderFields = [], rules = RULES, withheld: string[] = []) =>
  replayFields(fields, fieldLines(fields), fieldLines(before), rules, withheld)

describe('the replayed fields', () => {
  it('are those the handler set, byte for byte, repeated lines kept in order', () => {
    const fields: HeaderFields = [
      ['Content-Type', 'application/json;charset=UTF-8'],
      ['x-CaSe', ' kept '],
      ['Link', '<a>'],
      ['ETag', 'W/"1"'],
      ['Link', '<b>'],
      ['Date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['Cache-Control', 'max-age=5'],
    ]
    expect(replayed(fields)).toEqual(fields)
  })

  it.each([
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Proxy-Authenticate',
    'Proxy-Authentication-Info',
    'Proxy-Authorization',
    'Proxy-Connection',
    'Proxy-Anything',
    'Age',
    'Alt-Svc',
    'Cache-Status',
    'Server-Timing',
    'X-Response-Time',
    'X-Request-Id',
    'traceparent',
    'X-B3-TraceId',
    'RateLimit',
    'RateLimit-Policy',
    'X-RateLimit-Remaining',
    'x-omitted',
  ])('never hold %s', (name) => {
    expect(
      replayed([
        [name, 'x'],
        ['X-Kept', '1'],
      ]),
    ).toEqual([['X-Kept', '1']])
  })

  it('never hold what Connection names, in whatever case and line', () => {
    const fields: HeaderFields = [
      ['Connection', 'X-Hop, close'],
      ['connection', 'x-other'],
      ['x-hop', '1'],
      ['X-Other', '1'],
      ['X-Kept', '1'],
    ]
    expect(replayed(fields)).toEqual([['X-Kept', '1']])
  })

  it('leave out what stood there before the handler began, unless it changed', () => {
    const before: HeaderFields = [
      ['X-Powered-By', 'Express'],
      ['Vary', 'Origin'],
      ['X-Two', '1'],
      ['X-Two', '2'],
    ]
    const fields: HeaderFields = [
      ['x-powered-by', 'Express'],
      ['Vary', 'Origin, Accept'],
      ['X-Two', '2'],
      ['X-Two', '1'],
    ]
    expect(replayed(fields, before)).toEqual(fields.slice(1))
  })

  it('leave out withheld fields', () => {
    expect(
      replayed(
        [
          ['X-User', '1'],
          ['X-Kept', '1'],
        ],
        [],
        RULES,
        ['x-user'],
      ),
    ).toEqual([['X-Kept', '1']])
  })

  it('hold cookies only where the route says so, and then not the dropped ones', () => {
    const cookies: HeaderFields = [
      ['Set-Cookie', 'sid=1; Path=/'],
      ['Set-Cookie', 'theme=dark'],
    ]
    expect(replayed(cookies, [], { ...RULES, setCookie: 'store' })).toEqual(cookies)
    expect(replayed(cookies, [], { ...RULES, setCookie: new Set(['sid']) })).toEqual([['Set-Cookie', 'theme=dark']])
  })
})
