import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  claim,
  identityFrom,
  type IdentityResolver,
  type Resolution,
  sessionId,
  trustedHeader,
  verifiedJwt,
} from '@cacheado/core/identity'
import { type Described, requestOf } from './request-of.js'
import * as t from './tokens.js'

/*
 * T-15: who a request is taken for. Every row is one request; what it expects is the whole answer: the ids, `none`
 * (nobody said anything), or the reason of the refusal. No row may ever be answered as somebody else.
 */

const PROXY = '10.1.2.3'
const STRANGER = '203.0.113.9'
const LONG = 'x'.repeat(300)
const clock = new t.TestClock()

const trust = ['10.0.0.0/8']
const fromHs = verifiedJwt({
  algorithms: ['HS256'],
  secret: t.SECRET,
  issuer: 'https://id.test/',
  audience: 'shop',
  clock,
})
let issuer: Server
let resolvers: Readonly<Record<'app' | 'hs' | 'jwks', IdentityResolver>>

beforeAll(async () => {
  issuer = createServer((_request, response) => response.end(JSON.stringify(t.JWKS)))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  const jwksUri = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`
  const fromJwks = verifiedJwt({
    algorithms: ['RS256', 'EdDSA', 'ES256'],
    jwksUri,
    issuer: 'https://id.test/',
    audience: ['shop', 'shop-admin'],
    clock,
  })
  const organizationHeader = trustedHeader('X-Org-Id', { trust })
  resolvers = {
    app: identityFrom({
      organization: [claim('org_id'), organizationHeader],
      user: claim('sub'),
      session: sessionId(),
    }),
    hs: identityFrom({ organization: [claim('org_id', fromHs), organizationHeader], user: claim('sub', fromHs) }),
    jwks: identityFrom({ organization: claim('org_id', fromJwks), user: [claim('sub', fromJwks)] }),
  }
})

afterAll(() => new Promise((resolve) => issuer.close(resolve)))

const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`]
const hs = (claims: Record<string, unknown> = {}): Described => ({ headers: [bearer(t.hs256(claims))] })
/** A token whose payload is text that no serializer writes. */
const hsText = (rest: string): Described => ({
  headers: [bearer(t.token({ alg: 'HS256' }, `{"iss":"https://id.test/","aud":"shop",${rest}}`, t.hmac(t.SECRET)))],
})
const rs = (header: object = {}, claims: object = {}, key = t.rsa.privateKey): Described => ({
  headers: [bearer(t.token({ alg: 'RS256', kid: 'rsa-1', ...header }, { ...t.ALICE, ...claims }, t.rs256(key)))],
})
const header = (...headers: [string, string][]): Described => ({ headers, peer: PROXY })

const ALICE_AT_ACME = { organization: 'acme', user: 'alice' }
type Expected = Readonly<Record<string, string>> | string

const rows: readonly (readonly [name: string, by: 'app' | 'hs' | 'jwks', request: Described, expected: Expected])[] = [
  // nobody
  ['nothing at all', 'app', {}, 'none'],
  ['no header where tokens are verified', 'hs', {}, 'none'],
  ['no header where keys come from the issuer', 'jwks', {}, 'none'],
  ['verified claims without any id', 'app', { claims: { email: 'a@acme.test' } }, 'none'],

  // tokens that count
  ['HS256, valid', 'hs', hs(), ALICE_AT_ACME],
  ['RS256 by kid from the issuer', 'jwks', rs(), ALICE_AT_ACME],
  [
    'EdDSA by kid from the issuer',
    'jwks',
    { headers: [bearer(t.token({ alg: 'EdDSA', kid: 'ed-1' }, t.ALICE, t.eddsa(t.ed25519.privateKey)))] },
    ALICE_AT_ACME,
  ],
  ['without kid, one key fits', 'jwks', rs({ kid: undefined }), ALICE_AT_ACME],
  ['one of several audiences', 'jwks', rs({}, { aud: ['other', 'shop-admin'] }), ALICE_AT_ACME],
  ['scheme word in another case', 'hs', { headers: [['authorization', `bEARER ${t.hs256()}`]] }, ALICE_AT_ACME],
  ['token without an organization', 'hs', hs({ org_id: undefined }), { user: 'alice' }],
  ['number as sub is its decimal text', 'hs', hs({ sub: 7 }), { organization: 'acme', user: '7' }],
  ['text as sub, the same id', 'hs', hs({ sub: '7' }), { organization: 'acme', user: '7' }],
  ['7.0 in JSON is 7', 'hs', hsText(`"exp":${t.NOW + 60},"sub":7.0`), { user: '7' }],
  ['nbf reached this second', 'hs', hs({ nbf: t.NOW }), ALICE_AT_ACME],
  ['id of 256 bytes', 'hs', hs({ sub: 'x'.repeat(256) }), { organization: 'acme', user: 'x'.repeat(256) }],

  // signatures
  [
    'alg none, unsigned',
    'hs',
    { headers: [bearer(t.token({ alg: 'none' }, t.ALICE, () => Buffer.alloc(0)))] },
    'unverified',
  ],
  [
    'alg none with something as signature',
    'hs',
    { headers: [bearer(t.token({ alg: 'none' }, t.ALICE, t.hmac('x')))] },
    'unverified',
  ],
  [
    'alg nOnE',
    'jwks',
    { headers: [bearer(t.token({ alg: 'nOnE', kid: 'rsa-1' }, t.ALICE, t.hmac('x')))] },
    'unverified',
  ],
  ['no alg', 'hs', { headers: [bearer(t.token({}, t.ALICE, t.hmac(t.SECRET)))] }, 'unverified'],
  [
    'HS256 with the public key as secret',
    'jwks',
    { headers: [bearer(t.token({ alg: 'HS256', kid: 'rsa-1' }, t.ALICE, t.hmac(t.rsaPem)))] },
    'unverified',
  ],
  ['RS256 where a secret is configured', 'hs', rs(), 'unverified'],
  [
    'HS384 where HS256 is listed',
    'hs',
    { headers: [bearer(t.token({ alg: 'HS384' }, t.ALICE, t.hmac(t.SECRET, 'sha384')))] },
    'unverified',
  ],
  ['other secret', 'hs', { headers: [bearer(t.hs256({}, 'another secret of thirty-two bytes!'))] }, 'unverified'],
  ['empty secret', 'hs', { headers: [bearer(t.hs256({}, ''))] }, 'unverified'],
  ['signed by a key that is not in the set', 'jwks', rs({}, {}, t.otherRsa.privateKey), 'unverified'],
  ['unknown kid', 'jwks', rs({ kid: 'rsa-2' }), 'unverified'],
  ['kid of a key of another type', 'jwks', rs({ kid: 'ed-1' }), 'unverified'],
  ['kid that is a path', 'jwks', rs({ kid: '../../dev/null' }), 'unverified'],
  ['kid that is a number', 'jwks', rs({ kid: 1 }), 'unverified'],
  [
    'key for encryption used to sign',
    'jwks',
    { headers: [bearer(t.token({ alg: 'ES256', kid: 'enc-1' }, t.ALICE, t.es256(t.ec.privateKey)))] },
    'unverified',
  ],
  [
    'key brought along in the header (jwk)',
    'jwks',
    rs({ kid: undefined, jwk: t.otherRsa.publicKey.export({ format: 'jwk' }) }, {}, t.otherRsa.privateKey),
    'unverified',
  ],
  [
    'address of keys brought along (jku)',
    'jwks',
    rs({ jku: 'http://127.0.0.1:1/' }, {}, t.otherRsa.privateKey),
    'unverified',
  ],
  ['unknown critical header', 'jwks', rs({ crit: ['x'], x: 1 }), 'unverified'],
  ['payload changed after signing', 'hs', { headers: [bearer(tampered(t.hs256()))] }, 'unverified'],
  ['signature cut off', 'hs', { headers: [bearer(t.hs256().replace(/[^.]+$/, ''))] }, 'unverified'],
  [
    'payload that is a list',
    'hs',
    { headers: [bearer(t.token({ alg: 'HS256' }, [t.ALICE], t.hmac(t.SECRET)))] },
    'unverified',
  ],

  // time
  ['expired', 'hs', hs({ exp: t.NOW - 1 }), 'expired'],
  ['expires this very second', 'hs', hs({ exp: t.NOW }), 'expired'],
  ['exp as text', 'hs', hs({ exp: '9999999999' }), 'unverified'],
  ['exp null', 'hs', hs({ exp: null }), 'unverified'],
  ['exp missing', 'hs', hs({ exp: undefined }), 'unverified'],
  ['exp a list', 'hs', hs({ exp: [9999999999] }), 'unverified'],
  ['exp infinite', 'hs', hsText('"sub":"alice","exp":1e999'), 'unverified'],
  ['nbf in the future', 'hs', hs({ nbf: t.NOW + 1 }), 'unverified'],
  ['nbf as text', 'hs', hs({ nbf: '0' }), 'unverified'],
  ['nbf infinitely long ago', 'hs', hsText(`"sub":"alice","exp":${t.NOW + 60},"nbf":-1e999`), 'unverified'],

  // whose and for whom
  ['other issuer', 'hs', hs({ iss: 'https://id.test' }), 'unverified'],
  ['no issuer', 'jwks', rs({}, { iss: undefined }), 'unverified'],
  ['issuer in a list', 'hs', hs({ iss: ['https://id.test/'] }), 'unverified'],
  ['other audience', 'hs', hs({ aud: 'warehouse' }), 'unverified'],
  ['no audience', 'hs', hs({ aud: undefined }), 'unverified'],
  ['empty audience list', 'jwks', rs({}, { aud: [] }), 'unverified'],

  // the header that carries it
  ['two Authorization lines', 'hs', { headers: [bearer(t.hs256()), bearer(t.hs256({ sub: 'bob' }))] }, 'ambiguous'],
  ['the same Authorization line twice', 'hs', { headers: [bearer(t.hs256()), bearer(t.hs256())] }, 'ambiguous'],
  ['two tokens in one line', 'hs', { headers: [bearer(`${t.hs256()}, Bearer ${t.hs256()}`)] }, 'ambiguous'],
  ['empty Authorization', 'hs', { headers: [['Authorization', '']] }, 'unverified'],
  ['scheme word alone', 'hs', { headers: [['Authorization', 'Bearer']] }, 'unverified'],
  ['other scheme word', 'hs', { headers: [['Authorization', `JWT ${t.hs256()}`]] }, 'unverified'],
  ['Basic', 'hs', { headers: [['Authorization', 'Basic YWxpY2U6']] }, 'unverified'],
  ['no scheme word', 'hs', { headers: [['Authorization', t.hs256()]] }, 'unverified'],
  ['opaque token', 'hs', { headers: [bearer('d7f1c0')] }, 'unverified'],
  ['something after the token', 'hs', { headers: [bearer(`${t.hs256()} x`)] }, 'unverified'],
  [
    'bad token, good trusted header: no way around it',
    'hs',
    { headers: [bearer('x'), ['x-org-id', 'acme']], peer: PROXY },
    'unverified',
  ],

  // ids in verified claims
  ['empty sub', 'app', { claims: { sub: '' } }, 'invalid'],
  ['sub null', 'app', { claims: { sub: null } }, 'invalid'],
  ['sub true', 'app', { claims: { sub: true } }, 'invalid'],
  ['sub a list', 'app', { claims: { sub: ['alice'] } }, 'invalid'],
  ['sub a list in a token', 'hs', hs({ sub: ['alice'] }), 'invalid'],
  ['sub an object', 'app', { claims: { sub: { id: 'alice' } } }, 'invalid'],
  ['sub 300 bytes', 'hs', hs({ sub: LONG }), 'invalid'],
  ['sub 257 bytes in 129 characters', 'app', { claims: { sub: `x${'é'.repeat(128)}` } }, 'invalid'],
  ['sub beyond the safe integers', 'hs', hsText(`"exp":${t.NOW + 60},"sub":9007199254740993`), 'invalid'],
  ['sub 1.5', 'hs', hs({ sub: 1.5 }), 'invalid'],
  ['sub NaN', 'app', { claims: { sub: Number.NaN } }, 'invalid'],
  ['sub with a lone surrogate', 'hs', hsText(`"exp":${t.NOW + 60},"sub":"u\\ud800"`), 'invalid'],
  ['sub with a line break', 'app', { claims: { sub: 'alice\r\nbob' } }, 'invalid'],
  ['sub with NUL', 'app', { claims: { sub: 'alice\0' } }, 'invalid'],
  ['good organization, bad user: nothing is placed', 'app', { claims: { org_id: 'acme', sub: '' } }, 'invalid'],
  ['claims that are a list', 'app', { claims: ['alice'] }, 'invalid'],
  ['claims that are a text', 'app', { claims: 'alice' }, 'invalid'],
  ['claims null', 'app', { claims: null }, 'invalid'],
  ['composed é', 'app', { claims: { sub: '\u00e9' } }, { user: '\u00e9' }],
  ['decomposed é, another id', 'app', { claims: { sub: 'e\u0301' } }, { user: 'e\u0301' }],
  ['ligature, another id than its letters', 'app', { claims: { sub: '\ufb01' } }, { user: '\ufb01' }],
  ['upper case, another id', 'app', { claims: { sub: 'ALICE' } }, { user: 'ALICE' }],
  ['space at the end, another id', 'app', { claims: { sub: 'alice ' } }, { user: 'alice ' }],
  ['bigint is its decimal text', 'app', { claims: { sub: 9007199254740993n } }, { user: '9007199254740993' }],
  ['__proto__ as an id', 'app', { claims: { sub: '__proto__' } }, { user: '__proto__' }],
  ['constructor as an id', 'app', { claims: { sub: 'constructor' } }, { user: 'constructor' }],
  ['claims inherited, not own', 'app', { claims: Object.create({ sub: 'alice' }) }, 'none'],
  [
    'an own __proto__ claim',
    'hs',
    hsText(`"exp":${t.NOW + 60},"__proto__":{"org_id":"evil"},"sub":"alice"`),
    { user: 'alice' },
  ],

  // trusted header
  ['from the proxy', 'app', header(['X-Org-Id', 'acme']), { organization: 'acme' }],
  [
    'from the proxy on a dual-stack socket',
    'app',
    { headers: [['x-org-id', 'acme']], peer: `::ffff:${PROXY}` },
    { organization: 'acme' },
  ],
  ['from a stranger', 'app', { headers: [['x-org-id', 'acme']], peer: STRANGER }, 'untrusted'],
  [
    'from a stranger who says he is the proxy',
    'app',
    {
      headers: [
        ['x-org-id', 'acme'],
        ['X-Forwarded-For', PROXY],
        ['Forwarded', `for=${PROXY}`],
      ],
      peer: STRANGER,
    },
    'untrusted',
  ],
  [
    'from a stranger beside verified claims',
    'app',
    { headers: [['x-org-id', 'evil']], peer: STRANGER, claims: { org_id: 'acme' } },
    'untrusted',
  ],
  ['where there is no socket', 'app', { headers: [['x-org-id', 'acme']] }, 'untrusted'],
  [
    'proxy says what the claims say',
    'app',
    { ...header(['x-org-id', 'acme']), claims: { org_id: 'acme', sub: 'alice' } },
    ALICE_AT_ACME,
  ],
  [
    'proxy contradicts the claims',
    'app',
    { ...header(['x-org-id', 'evil']), claims: { org_id: 'acme', sub: 'alice' } },
    'conflict',
  ],
  [
    'proxy contradicts the token',
    'hs',
    { headers: [bearer(t.hs256()), ['x-org-id', 'evil']], peer: PROXY },
    'conflict',
  ],
  ['differs in case only', 'app', { ...header(['x-org-id', 'Acme']), claims: { org_id: 'acme' } }, 'conflict'],
  ['sent twice', 'app', header(['X-Org-Id', 'acme'], ['x-org-id', 'evil']), 'ambiguous'],
  ['sent twice, the same', 'app', header(['X-Org-Id', 'acme'], ['X-Org-Id', 'acme']), 'ambiguous'],
  ['list in one line', 'app', header(['X-Org-Id', 'acme, evil']), 'ambiguous'],
  ['underscore twin beside it', 'app', header(['X-Org-Id', 'acme'], ['X_Org_Id', 'evil']), 'ambiguous'],
  ['underscore twin alone', 'app', header(['x_org_id', 'acme']), 'ambiguous'],
  ['half a twin', 'app', header(['X-Org-Id', 'acme'], ['x-org_id', 'acme']), 'ambiguous'],
  ['twin with dots', 'app', header(['x.org.id', 'acme']), 'ambiguous'],
  ['twin beside verified claims', 'app', { ...header(['x_org_id', 'evil']), claims: { org_id: 'acme' } }, 'ambiguous'],
  ['empty', 'app', header(['X-Org-Id', '']), 'invalid'],
  ['300 bytes', 'app', header(['X-Org-Id', LONG]), 'invalid'],
  ['é as servers decode its two bytes', 'app', header(['X-Org-Id', 'caf\u00c3\u00a9']), 'invalid'],
  ['control character', 'app', header(['X-Org-Id', 'ac\tme']), 'invalid'],
  ['text "null" is an id like any other', 'app', header(['X-Org-Id', 'null']), { organization: 'null' }],

  // session
  ['session the request brought', 'app', { session: { id: 's1', isNew: false } }, { session: 's1' }],
  ['session made up for this request', 'app', { session: { id: 's1', isNew: true } }, 'none'],
  ['session without id', 'app', { session: { id: undefined as unknown as string, isNew: false } }, 'invalid'],
  ['session with an empty id', 'app', { session: { id: '', isNew: false } }, 'invalid'],
]

describe('T-15: who a request is taken for', () => {
  it.each(rows)('%s', async (_name, by, request, expected) => {
    clock.seconds = t.NOW
    expect(outcome(await resolvers[by](requestOf(request)))).toEqual(expected)
  })

  it('has no two rows of one name, and at least the number the plan asks for', () => {
    expect(rows.length).toBeGreaterThanOrEqual(70)
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
  })

  it('refuses at the hit a token that was valid at the fill', async () => {
    clock.seconds = t.NOW
    const request = hs({ exp: t.NOW + 10 })
    expect(outcome(await resolvers.hs(requestOf(request)))).toEqual(ALICE_AT_ACME)
    clock.seconds = t.NOW + 10
    expect(outcome(await resolvers.hs(requestOf({ ...request, native: {} })))).toBe('expired')
  })
})

/** Ids, `none`, or the reason. */
function outcome(resolution: Resolution): Expected {
  if (resolution.status === 'resolved') return { ...resolution.ids }
  return resolution.status === 'unresolved' ? 'none' : resolution.reason
}

function tampered(token: string): string {
  const [head, , signature] = token.split('.')
  const payload = Buffer.from(JSON.stringify({ ...t.ALICE, sub: 'bob' })).toString('base64url')
  return `${head}.${payload}.${signature}`
}
