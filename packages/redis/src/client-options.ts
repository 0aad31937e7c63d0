import type { RedisClientOptions } from '@redis/client'
import { oneTimeOptions } from './node-redis.js'
import type { OwnClientOptions } from './redis-options.js'

/** What each connection of the store's own gets, as the official client wants it; a new object, since it writes into it. */
export function clientOptions(options: OwnClientOptions, url?: string): RedisClientOptions {
  const { username, password, credentialsProvider, database, name, socket } = options
  const given = { username, password, credentialsProvider, database, name }
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    // RESP2 needs no HELLO, which old proxies do not know, and is no slower (performance.md §6).
    RESP: 2,
    ...oneTimeOptions({ socket }),
    ...(url === undefined ? {} : { url }),
  }
}

/** The same for a server that is only known by where it is: TLS and credentials are those of the URL that led to it. */
export function optionsFor(options: OwnClientOptions, host: string, port: number, url?: string): RedisClientOptions {
  const common = clientOptions(inheriting(options, url))
  return { ...common, socket: { ...common.socket, host, port } }
}

/** The options, with what the URL says about TLS and credentials where they say nothing themselves. */
export function inheriting(options: OwnClientOptions, url: string | undefined): OwnClientOptions {
  if (url === undefined) return options
  const { protocol, username, password } = new URL(url)
  return {
    ...options,
    ...(options.username === undefined && username !== '' ? { username: decodeURIComponent(username) } : {}),
    ...(options.password === undefined && password !== '' ? { password: decodeURIComponent(password) } : {}),
    socket: { ...(protocol === 'rediss:' ? { tls: true } : {}), ...options.socket } as OwnClientOptions['socket'] & {},
  }
}
