import { configError } from '@cacheado/core/store'

/** Where a server listens. */
export type ServerAddress = { readonly host: string; readonly port: number } | { readonly path: string }

const SCHEME = /^(?:memcached|tcp):\/\//
const HOST_AND_PORT = /^(?:\[([^\]\s]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/
const DEFAULT_PORT = 11_211

/**
 * Reads an address: `'host'`, `'host:11211'`, `'[::1]:11211'`, with `memcached://` before it or not, or the path of a socket.
 *
 * @throws CacheError `ERR_CACHE_CONFIG` where it is none of these
 */
export function serverAddress(text: string, option: string): ServerAddress {
  if (typeof text === 'string' && text.startsWith('/')) return { path: text }
  const match = typeof text === 'string' ? HOST_AND_PORT.exec(text.replace(SCHEME, '')) : null
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  if (host === undefined || port < 1 || port > 65_535) {
    throw configError(option, "a server such as 'localhost:11211', '[::1]:11211' or '/run/memcached.sock'")
  }
  return { host, port }
}
