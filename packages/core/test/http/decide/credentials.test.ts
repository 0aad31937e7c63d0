import { describe, expect, it } from 'vitest'
import { carriesCredential, isAnonymous } from '../../../src/http/decide/credentials.js'
import { sketchRequest, type RequestSketch } from './request.js'

const named = { cookies: new Set(['sid']), headers: new Set(['x-api-key']) }
const unnamed = { cookies: undefined, headers: new Set<string>() }

describe('credentials', () => {
  it.each<[boolean, RequestSketch]>([
    [false, {}],
    [true, { headers: { authorization: 'Bearer a' } }],
    [true, { headers: { authorization: '' } }],
    [true, { headers: { 'proxy-authorization': 'Basic a' } }],
    [true, { headers: { 'x-api-key': 'k' } }],
    [true, { headers: { cookie: 'sid=1' } }],
    [true, { headers: { cookie: 'theme=dark; sid=1' } }],
    [true, { headers: { cookie: 'theme=dark, sid=1' } }],
    [true, { headers: { cookie: ' sid =1' } }],
    [false, { headers: { cookie: 'SID=1; sid2=1; xsid=1; a=sid' } }],
  ])('are carried: %s, by %j', (expected, sketch) => {
    expect(carriesCredential(sketchRequest(sketch), named)).toBe(expected)
  })

  it('are no cookie of which the application has not said so', () => {
    expect(carriesCredential(sketchRequest({ headers: { cookie: 'sid=1' } }), unnamed)).toBe(false)
  })

  it.each<[boolean, RequestSketch, typeof named | typeof unnamed]>([
    [true, {}, unnamed],
    [true, { headers: { cookie: 'theme=dark' } }, named],
    [true, { headers: { cookie: 'theme=dark' } }, { cookies: new Set<string>(), headers: new Set<string>() }],
    [true, { session: { id: '1', isNew: true } }, named],
    [false, { headers: { cookie: 'theme=dark' } }, unnamed],
    [false, { headers: { cookie: 'sid=1' } }, named],
    [false, { headers: { authorization: 'x' } }, named],
    [false, { claims: {} }, named],
    [false, { session: { id: '1', isNew: false } }, named],
  ])('are surely absent: %s, from %j', (expected, sketch, names) => {
    expect(isAnonymous(sketchRequest(sketch), names)).toBe(expected)
  })
})
