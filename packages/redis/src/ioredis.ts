import { CONNECT_LIMIT } from './node-redis.js'
import { notConnected } from './errors.js'
import type { Argument, Link, Send, Subscriber } from './link.js'

/** What this package uses of an ioredis client (versions 5 and 6: `new Redis()`). */
export interface IoredisClient {
  readonly status: string
  readonly options?: object | undefined
  getBuffer(key: string): Promise<unknown>
  ping(): Promise<unknown>
  connect(): Promise<unknown>
  disconnect(): void
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  duplicate(overrides?: object): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

/** What this package uses of an ioredis cluster (`new Cluster()`). */
export interface IoredisCluster {
  readonly status: string
  readonly options?: object | undefined
  getBuffer(key: string): Promise<unknown>
  connect(): Promise<unknown>
  nodes(role?: 'all' | 'master'): unknown
}

/** For a duplicate that is used for one connection. */
const ONE_TIME_OPTIONS = {
  lazyConnect: true,
  connectTimeout: CONNECT_LIMIT,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
  reconnectOnError: null,
  sentinelRetryStrategy: null,
}

/** Commands by way of an ioredis client or cluster: at once, or not at all, though its own queue would keep them. */
export function sendTo(client: IoredisClient | IoredisCluster): Send {
  return (_key, command) => {
    if (client.status === 'ready') return call(client, command)
    void connectLazy(client)
    return Promise.reject(notConnected())
  }
}

/** Begins to connect a client that was told to wait for its first command. */
export function connectLazy(client: IoredisClient | IoredisCluster): Promise<unknown> {
  return client.status === 'wait' ? client.connect().catch(() => {}) : Promise.resolve()
}

/** A way to each master. */
export async function mastersOf(client: IoredisClient | IoredisCluster): ReturnType<Link['masters']> {
  const nodes = 'nodes' in client ? (client.nodes('master') as IoredisClient[]) : [client]
  return nodes.map((node) => (command) => call(node, command))
}

/** A new connection to the client's server; for a cluster, to one of its nodes that is connected now. */
export function duplicateOf(client: IoredisClient | IoredisCluster): Subscriber {
  return new IoredisConnection(() => {
    if (!('nodes' in client)) return client.duplicate(ONE_TIME_OPTIONS) as IoredisClient
    const ready = (client.nodes('all') as IoredisClient[]).filter(({ status }) => status === 'ready')
    const node = ready[Math.floor(Math.random() * ready.length)]
    if (node === undefined) throw notConnected()
    return node.duplicate({ ...ONE_TIME_OPTIONS, readOnly: false }) as IoredisClient
  })
}

function call(client: IoredisClient | IoredisCluster, [name, ...args]: readonly Argument[]): Promise<unknown> {
  // Not `callBuffer`: with automatic pipelines it loses the name (ioredis 5 and 6).
  const method = `${String(name).toLowerCase()}Buffer`
  return (client as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>)[method]!(...args)
}

class IoredisConnection implements Subscriber {
  onLost = () => {}
  readonly #create: () => IoredisClient
  #client: IoredisClient | undefined

  constructor(create: () => IoredisClient) {
    this.#create = create
  }

  async open(): Promise<void> {
    const client = (this.#client = this.#create())
    client.on('error', () => {})
    client.on('close', () => this.onLost())
    client.on('end', () => this.onLost())
    await client.connect()
  }

  check(): Promise<unknown> {
    return this.#client === undefined ? Promise.reject(notConnected()) : call(this.#client, ['PING'])
  }

  subscribe(channel: string, listener: (message: Buffer) => void): Promise<unknown> {
    const client = this.#client
    if (client === undefined) return Promise.reject(notConnected())
    client.on('messageBuffer', (from, message) => {
      if (String(from) === channel) listener(message as Buffer)
    })
    return client.subscribe(channel)
  }

  destroy(): void {
    this.#client?.disconnect()
  }
}
