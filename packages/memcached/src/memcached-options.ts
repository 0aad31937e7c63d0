import type { ConnectionOptions } from 'node:tls'
import { duration, type ByteSize, type Duration } from '@cacheado/core'
import type { MemcachedClient } from './borrowed-client.js'
import { configError } from '@cacheado/core/store'
import { serverAddress, type ServerAddress } from './server-address.js'

/** What every store over Memcached can be told. */
export interface MemcachedStoreSettings {
  /**
   * Begins every key, with a colon after it, so that applications can share a server: up to 100 printable ASCII characters without
   * braces. Default: `'cacheado'`.
   */
  readonly prefix?: string
  /**
   * The largest item that the server takes, as its option `-I` says: value, key and some 60 bytes. A larger value is refused, and
   * what was under its key is deleted. Bytes, or a text such as `'4mb'`. Default: `'1mb'`, the server's own.
   */
  readonly maxItemBytes?: ByteSize
}

/** Options of a store with connections of its own. */
export interface MemcachedServersOptions extends MemcachedStoreSettings {
  /**
   * One server or several: `'localhost:11211'`, `'[::1]:11211'`, `'/run/memcached.sock'`. Every key has one home among them, the
   * same in all processes that name the same servers.
   */
  readonly servers: string | readonly string[]
  readonly client?: undefined
  /** How long a server may take to answer before its connection is given up. Default: 500 ms. */
  readonly timeout?: Duration
  /** How long connecting may take. Default: 1 s. */
  readonly connectTimeout?: Duration
  /** TLS: `true`, or options of `node:tls`. Default: plain TCP. */
  readonly tls?: boolean | ConnectionOptions
}

/** Options of a store over a client that the application already has. */
export interface MemcachedClientOptions extends MemcachedStoreSettings {
  /** A `MemcacheClient` of `memcache-client` with one server. It is not closed with the store. */
  readonly client: MemcachedClient
  readonly servers?: undefined
}

/** Options of `memcachedStore`. */
export type MemcachedStoreOptions = MemcachedServersOptions | MemcachedClientOptions

/** The options, read. */
export interface MemcachedPlan {
  readonly prefix: string
  readonly maxItemBytes: number
  readonly timeout: number
  readonly connectTimeout: number
  readonly tls: ConnectionOptions | undefined
  readonly addresses: readonly { readonly name: string; readonly address: ServerAddress }[]
  readonly client: MemcachedClient | undefined
}

const METHODS = ['get', 'gets', 'set', 'add', 'cas', 'delete'] as const
const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** @throws CacheError `ERR_CACHE_CONFIG` for a bad option */
export function memcachedPlan(options: MemcachedStoreOptions): MemcachedPlan {
  const { prefix = 'cacheado', servers, client } = options
  if (typeof prefix !== 'string' || !/^[\x21-\x7e]{1,100}$/.test(prefix) || /[{}]/.test(prefix)) {
    throw configError('prefix', 'up to 100 printable ASCII characters without white space and braces')
  }
  if ((servers === undefined) === (client === undefined)) throw configError('servers', 'either `servers` or a `client`')
  const own = options.client === undefined ? options : undefined
  return {
    prefix,
    maxItemBytes: bytes(options.maxItemBytes ?? '1mb', 'maxItemBytes'),
    timeout: span(own?.timeout ?? 500, 'timeout'),
    connectTimeout: span(own?.connectTimeout ?? 1000, 'connectTimeout'),
    tls: own?.tls === true ? {} : own?.tls || undefined,
    addresses: own ? addresses(own.servers) : [],
    client: client && checked(client),
  }
}

function addresses(servers: string | readonly string[]): MemcachedPlan['addresses'] {
  const all = typeof servers === 'string' ? [servers] : servers
  if (!Array.isArray(all) || all.length === 0) throw configError('servers', 'one server or more')
  const read = all.map((text: string, at) => {
    const address = serverAddress(text, typeof servers === 'string' ? 'servers' : `servers.${at}`)
    return { name: JSON.stringify(address), address }
  })
  if (new Set(read.map(({ name }) => name)).size < read.length) throw configError('servers', 'each server once')
  return read
}

function checked(client: MemcachedClient): MemcachedClient {
  for (const method of METHODS) {
    if (typeof client?.[method] !== 'function') throw configError('client', `a client with a method \`${method}\``)
  }
  return client
}

function span(value: Duration, option: string): number {
  const ms = typeof value === 'string' ? duration(value, option) : value
  if (typeof ms !== 'number' || !(ms >= 1 && ms <= 60_000)) throw configError(option, 'between 1 ms and one minute')
  return ms
}

function bytes(value: ByteSize, option: string): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(value) : undefined
  const size = match ? Number(match[1]) * (UNITS[match[2] as string] as number) : value
  if (typeof size !== 'number' || !(size >= 1024 && size <= 1024 ** 3))
    throw configError(option, "between '1kb' and '1gb'")
  return size
}
