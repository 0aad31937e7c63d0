import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCacheError } from '../../src/cache-error.js'
import { networkList } from '../../src/identity/network-list.js'
import { identityFrom, trustedHeader, type TrustedHeaderOptions } from '@cacheado/core/identity'
import { requestOf } from './request-of.js'

const configError = expect.toSatisfy((error: unknown) => isCacheError(error, 'ERR_CACHE_CONFIG')) as Error

describe('trustedHeader', () => {
  const headers = [['X-Org-Id', 'acme']] as const
  const resolve = (trust: TrustedHeaderOptions['trust'], peer?: string, native?: unknown) =>
    identityFrom({ organization: trustedHeader('x-org-id', { trust }) })(requestOf({ headers, peer, native }))

  it('asks the predicate about the socket’s peer and the framework’s request', () => {
    const native = { client: { authorized: true } }
    const seen: unknown[] = []
    const trust = (...asked: unknown[]) => seen.push(asked) > 0
    expect(resolve(trust, '10.0.0.1', native)).toMatchObject({ ids: { organization: 'acme' } })
    expect(seen).toEqual([['10.0.0.1', native]])
  })

  it('does not ask it, and finds nothing, where the header is absent', () => {
    const trust = () => {
      throw new Error('asked')
    }
    expect(identityFrom({ organization: trustedHeader('x-org-id', { trust }) })(requestOf({}))).toEqual({
      status: 'unresolved',
    })
  })

  it('takes only true for consent', () => {
    for (const answer of [false, undefined, 1, 'yes', {}, Promise.resolve(true)]) {
      expect(resolve((() => answer) as unknown as () => boolean)).toMatchObject({ reason: 'untrusted' })
    }
  })

  it('refuses where the predicate throws', () => {
    const trust = () => {
      throw new Error('x')
    }
    expect(resolve(trust)).toMatchObject({ status: 'refused', reason: 'failed' })
  })

  it('knows a header by a name with an underscore too, and its twin then has the hyphen', () => {
    const identity = identityFrom({ organization: trustedHeader('X_Org', { trust: () => true }) })
    expect(identity(requestOf({ headers: [['x_org', 'acme']] }))).toMatchObject({ ids: { organization: 'acme' } })
    expect(identity(requestOf({ headers: [['x-org', 'acme']] }))).toMatchObject({ reason: 'ambiguous' })
    expect(identity(requestOf({ headers: [['xaorg', 'acme']] }))).toEqual({ status: 'unresolved' })
  })

  it.each<[string, unknown, unknown]>([
    ['no options', 'x-org-id', undefined],
    ['no trust', 'x-org-id', {}],
    ['trust that is just true', 'x-org-id', { trust: true }],
    ['an empty list', 'x-org-id', { trust: [] }],
    ['a host name', 'x-org-id', { trust: ['proxy.internal'] }],
    ['everybody', 'x-org-id', { trust: ['0.0.0.0/0'] }],
    ['no name', '', { trust: () => true }],
    ['a name that is none', 'x org', { trust: () => true }],
    ['a name that is no text', 7, { trust: () => true }],
  ])('is refused at construction: %s', (_name, name, options) => {
    expect(() => trustedHeader(name as string, options as TrustedHeaderOptions)).toThrow(configError)
  })
})

describe('a list of networks', () => {
  const within = (network: string, peer: string | undefined) => networkList([network], 'x')(peer)

  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::FFFF:a01:203', true],
    ['10.0.0.0/8', '0:0:0:0:0:ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::10.1.2.3', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['172.16.0.0/12', '172.31.0.1', true],
    ['172.16.0.0/12', '172.32.0.1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::1', '::', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['::/64', '10.0.0.1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['fe80::/10', 'fe80::1%eth0', false],
    ['10.0.0.0/8', '10.0.0', false],
    ['10.0.0.0/8', '010.0.0.1', false],
    ['10.0.0.0/8', '10.0.0.1, 8.8.8.8', false],
    ['10.0.0.0/8', '', false],
    ['10.0.0.0/8', undefined, false],
  ])('%s has %s: %s', (network, peer, expected) => {
    expect(within(network, peer)).toBe(expected)
  })

  it.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.256',
    '10.0.0',
    '10.0.0.0.0',
    '::/0',
    '::/129',
    '::ffff:0.0.0.0/96',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '::g',
  ])('refuses %s', (text) => {
    expect(() => networkList(['::1', text], 'x')).toThrow(configError)
  })

  it('refuses what is no text', () => {
    expect(() => networkList([7 as unknown as string], 'x')).toThrow(configError)
  })

  it('agrees with Node’s BlockList about every address and network', () => {
    const v4 = fc.tuple(fc.constantFrom(4 as const), fc.ipV4(), fc.integer({ min: 1, max: 32 }))
    const v6 = fc.tuple(fc.constantFrom(6 as const), fc.ipV6(), fc.integer({ min: 1, max: 128 }))
    const near = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.boolean())
    fc.assert(
      fc.property(
        fc.oneof(v4, v6),
        fc.oneof(fc.ipV4(), fc.ipV6()),
        near,
        ([family, address, prefix], other, [bit, use]) => {
          const peer = use && family === 4 ? flipped(address, bit) : other
          if (family === 6 && peer.includes('.')) return
          const list = new BlockList()
          list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
          const expected = list.check(peer, isIP(peer) === 4 ? 'ipv4' : 'ipv6')
          expect(within(`${address}/${prefix}`, peer)).toBe(expected)
        },
      ),
      { numRuns: 3000, verbose: 1 },
    )
  })

  it('reads as an address exactly what Node reads as one', () => {
    const text = fc.oneof(
      fc.ipV6(),
      fc.ipV4(),
      fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '::', '.', '255', '1.2.3.4'), maxLength: 14 }),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        const read = () => networkList([candidate], 'x')
        if (isIP(candidate) === 0) expect(read).toThrow(configError)
        else expect(read()(candidate)).toBe(true)
      }),
      { numRuns: 3000, verbose: 1 },
    )
  })
})

/** The same IPv4 address with one bit changed: near the edge of a network. */
function flipped(address: string, bit: number): string {
  const bytes = address.split('.').map(Number)
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (128 >> (bit & 7))
  return bytes.join('.')
}
