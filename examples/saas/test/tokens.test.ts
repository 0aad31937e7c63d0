import { expect, test } from 'vitest'
import { bearerToken, readInvoice, readLogin, readYear, Tokens } from '../src/index.js'

const tokens = new Tokens('a secret of the test, 32 bytes long')
const ana = { sub: 'ana', org_id: 'aurora', role: 'owner' }
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

test('a token gives back the claims it was issued for', async () => {
  expect(await tokens.verify(await tokens.issue(ana))).toEqual(ana)
})

test('an altered, expired, unsigned or foreign token is refused', async () => {
  const [header, , signature] = (await tokens.issue(ana)).split('.')
  const claims = { ...ana, iss: 'https://billing.example', aud: 'billing-api', exp: 4_000_000_000 }
  await expect(tokens.verify(`${header}.${encode({ ...claims, org_id: 'borealis' })}.${signature}`)).rejects.toThrow()
  await expect(tokens.verify(`${encode({ alg: 'none' })}.${encode(claims)}.`)).rejects.toThrow()
  await expect(tokens.verify(await tokens.issue(ana, '-1s'))).rejects.toThrow()
  await expect(tokens.verify(await new Tokens('another secret, also 32 bytes long').issue(ana))).rejects.toThrow()
})

test('a short secret is refused', () => {
  expect(() => new Tokens('short')).toThrow(RangeError)
})

test('only a bearer token is taken from the header', () => {
  expect(bearerToken('Bearer a.b.c')).toBe('a.b.c')
  for (const header of [undefined, '', 'a.b.c', 'Basic YTpi', 'Bearer a.b', 'Bearer a.b.c d'])
    expect(bearerToken(header)).toBeUndefined()
})

test('only well-formed input is read', () => {
  const invoice = { customer: 'Customer AUR-1', issuedOn: '2025-06-30', currency: 'EUR', amountCents: 100 }
  expect(readInvoice({ ...invoice, organization: 'borealis' })).toEqual(invoice)
  for (const wrong of [
    { customer: '' },
    { issuedOn: '30.6.2025' },
    { currency: 'XXX' },
    { amountCents: 0.5 },
    { amountCents: -1 },
  ]) {
    expect(readInvoice({ ...invoice, ...wrong })).toBeUndefined()
  }
  expect(readInvoice(null)).toBeUndefined()
  expect(readLogin({ organization: 'aurora', user: 'ana', password: 'x', more: 1 })).toEqual({
    organization: 'aurora',
    user: 'ana',
    password: 'x',
  })
  expect(readLogin({ organization: 'aurora', user: { $ne: '' }, password: 'x' })).toBeUndefined()
  expect([readYear('2024'), readYear(undefined), readYear(['2024']), readYear('24')]).toEqual([2024, 2025, 2025, 2025])
})
