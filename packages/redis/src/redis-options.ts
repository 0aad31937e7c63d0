import type { RedisClientOptions } from '@redis/client'
import { configError } from '@cacheado/core/store'
import type { IoredisClient, IoredisCluster } from './ioredis.js'
import type { NodeRedisClient, NodeRedisCluster } from './node-redis.js'

/** A client that the application already has. */
export type BorrowedClient = NodeRedisClient | NodeRedisCluster | IoredisClient | IoredisCluster

interface PrefixOption {
  /**
   * Stands before each key and a colon, and names the channel. Default: `cacheado`. Printable ASCII without white space, braces
   * and the characters of patterns (`* ? [ ] ^ \`).
   */
  readonly prefix?: string
}

/** How the store's own client connects; what the official client, node-redis, calls the same. */
type ClientOptions = Pick<RedisClientOptions, 'username' | 'password' | 'credentialsProvider' | 'database' | 'name'> & {
  /** TLS and TCP: `{ tls: true, ca }`. Time limits and reconnecting are the store's. */
  readonly socket?: RedisClientOptions['socket']
}

/** A client of the store's own: one of `url`, `sentinel` and `cluster`; by default `redis://127.0.0.1:6379`. */
export interface OwnClientOptions extends PrefixOption, ClientOptions {
  /** `redis[s]://[user:password@]host:port[/database]` of a single server. */
  readonly url?: string
  /** The master that the sentinels know by this name, wherever it is. */
  readonly sentinel?: SentinelOptions
  /** A Cluster, found through any of these nodes. Credentials and TLS of the first URL serve for all nodes. */
  readonly cluster?: { readonly nodes: readonly string[] }
  readonly client?: undefined
  readonly subscriber?: undefined
}

/** Where sentinels are. */
export interface SentinelOptions {
  /** The name of the master in the sentinels' configuration: `mymaster`. */
  readonly name: string
  /** `redis[s]://[user:password@]host:port` of each sentinel. */
  readonly nodes: readonly string[]
}

/** A client of the application's: node-redis 4, 5 or 6, or ioredis 5 or 6, single or cluster. It is used, and never closed. */
export interface BorrowedClientOptions extends PrefixOption {
  readonly client: BorrowedClient
  /** A second client, to listen with. By default the store makes a duplicate of `client`, and closes that. */
  readonly subscriber?: NodeRedisClient | IoredisClient
  readonly url?: undefined
  readonly sentinel?: undefined
  readonly cluster?: undefined
}

/** Options of {@link redisStore}. */
export type RedisStoreOptions = OwnClientOptions | BorrowedClientOptions

const OWN_OPTIONS = ['url', 'sentinel', 'cluster'] as const
const CLIENT_OPTIONS = ['username', 'password', 'credentialsProvider', 'database', 'name', 'socket'] as const
const OURS = ['connectTimeout', 'reconnectStrategy', 'socketTimeout']

/** The prefix that the options mean. @throws CacheError `ERR_CACHE_CONFIG`, with the path of the option that is wrong */
export function checkOptions(options: RedisStoreOptions): string {
  if (typeof options !== 'object' || options === null) throw configError('options', 'an object')
  const { prefix = 'cacheado' } = options
  if (typeof prefix !== 'string' || !/^[!-~]{1,200}$/.test(prefix) || /[{}*?[\]^\\]/.test(prefix)) {
    throw configError('prefix', '1 to 200 printable ASCII characters without white space, braces and * ? [ ] ^ \\')
  }
  const ways = [...OWN_OPTIONS, 'client' as const].filter((name) => options[name] !== undefined)
  if (ways.length > 1) throw configError(ways[1] as string, `nothing beside ${ways[0]}`)
  if (options.client === undefined) checkOwn(options)
  else checkBorrowed(options)
  return prefix
}

function checkOwn(options: OwnClientOptions): void {
  const { url, sentinel, cluster, socket, database } = options
  if ('subscriber' in options && options.subscriber !== undefined) throw configError('subscriber', 'a client beside it')
  if (url !== undefined) checkUrl('url', url)
  if (sentinel !== undefined) {
    if (typeof sentinel.name !== 'string' || sentinel.name === '') {
      throw configError('sentinel.name', 'the name of a master')
    }
    checkNodes('sentinel.nodes', sentinel.nodes)
  }
  if (cluster !== undefined) {
    checkNodes('cluster.nodes', cluster.nodes)
    if (database) throw configError('database', 'nothing beside cluster: a Cluster has database 0 alone')
  }
  if (database !== undefined && !(Number.isInteger(database) && database >= 0)) {
    throw configError('database', 'a whole number from 0 on')
  }
  if (socket !== undefined && (typeof socket !== 'object' || socket === null)) throw configError('socket', 'an object')
  const taken = OURS.find((name) => name in (socket ?? {}))
  if (taken !== undefined) throw configError(`socket.${taken}`, 'nothing: the store sees to it')
}

function checkBorrowed(options: BorrowedClientOptions): void {
  const own = CLIENT_OPTIONS.find((name) => name in options)
  if (own !== undefined) throw configError(own, 'nothing beside client: the client has it')
}

function checkNodes(option: string, nodes: unknown): void {
  if (!Array.isArray(nodes) || nodes.length === 0) throw configError(option, 'an array of at least one URL')
  for (const [at, node] of nodes.entries()) checkUrl(`${option}[${at}]`, node)
}

function checkUrl(option: string, url: unknown): void {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || !/^(\/\d*)?$/.test(parsed.pathname)) {
    throw configError(option, 'a URL redis[s]://[user:password@]host:port[/database]')
  }
}
