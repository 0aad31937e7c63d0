import { configError } from '../cache-error.js'

interface Network {
  readonly address: readonly number[]
  readonly bits: number
}

const OCTET = /^(?:0|[1-9]\d{0,2})$/
const GROUP = /^[0-9a-f]{1,4}$/i
const PREFIX = /^(?:0|[1-9]\d{0,2})$/
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/**
 * Whether an address lies in one of these networks. Written out, since no such thing is on every platform. IPv4 as a
 * dual-stack socket shows it (`::ffff:10.0.0.1`) is IPv4; what cannot be read lies in no network.
 *
 * @param texts addresses and networks, `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`
 * @throws CacheError `ERR_CACHE_CONFIG` for what is neither, and for `/0`
 */
export function networkList(texts: readonly string[], option: string): (peer: string | undefined) => boolean {
  const networks = texts.map((text, index) => {
    const network = parseNetwork(text)
    if (network === undefined) throw configError(`${option}[${index}]`, 'an IP address or a network such as 10.0.0.0/8')
    return network
  })
  return (peer) => {
    const address = peer === undefined ? undefined : parseAddress(peer)
    return address !== undefined && networks.some((network) => contains(network, address))
  }
}

function contains({ address, bits }: Network, candidate: readonly number[]): boolean {
  if (candidate.length !== address.length) return false
  return candidate.every((byte, index) => {
    const counting = Math.min(Math.max(bits - index * 8, 0), 8)
    return (byte ^ (address[index] as number)) >> (8 - counting) === 0
  })
}

function parseNetwork(text: unknown): Network | undefined {
  if (typeof text !== 'string') return undefined
  const [addressText, prefix, ...more] = text.split('/') as [string, string?, ...string[]]
  const address = parseAddress(addressText)
  if (address === undefined || more.length > 0) return undefined
  if (prefix === undefined) return { address, bits: address.length * 8 }
  if (!PREFIX.test(prefix)) return undefined
  // `::ffff:10.0.0.0/104` is 10.0.0.0/8 in the longer notation.
  const bits = Number(prefix) - (address.length === 4 && addressText.includes(':') ? 96 : 0)
  return bits > 0 && bits <= address.length * 8 ? { address, bits } : undefined
}

/** Four bytes for IPv4, also where it is mapped into IPv6; sixteen for the rest of IPv6. */
function parseAddress(text: string): readonly number[] | undefined {
  if (!text.includes(':')) return parseIpv4(text)
  const bytes = parseIpv6(text)
  return bytes !== undefined && MAPPED.every((byte, index) => bytes[index] === byte) ? bytes.slice(12) : bytes
}

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) <= 255)) return undefined
  return parts.map(Number)
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1))
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  // `::` stands for at least one group of zeros.
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail]
}

/** Bytes of the groups between colons; only the last group of an address may be dotted. */
function parseGroups(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    const dotted = last && index === groups.length - 1 ? parseIpv4(group) : undefined
    if (dotted === undefined && !GROUP.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes.push(...(dotted ?? [value >> 8, value & 0xff]))
  }
  return bytes
}
