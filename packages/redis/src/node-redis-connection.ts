import { endClient, REPLY_OPTIONS, type NodeRedisClient } from './node-redis.js'
import { notConnected } from './errors.js'
import type { Argument, Subscriber } from './link.js'

/** Options of {@link NodeRedisConnection}. */
export interface NodeRedisConnectionOptions {
  /** A new client with {@link oneTimeOptions}; rejects where nobody knows now what to connect to. */
  create(): NodeRedisClient | Promise<NodeRedisClient>
  /** Whether this is the server one wants; by default every one that answers is. */
  check?(client: NodeRedisClient): Promise<unknown>
}

/** One connection by one node-redis client, which is thrown away with it. */
export class NodeRedisConnection implements Subscriber {
  onLost = () => {}
  readonly #options: NodeRedisConnectionOptions
  #client: NodeRedisClient | undefined
  #hasSocket = false
  #isEnded = false

  constructor(options: NodeRedisConnectionOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const client = await this.#options.create()
    if (this.#isEnded) throw notConnected()
    this.#client = client
    client.on('connect', () => this.#connected(client))
    // Ready or not: past bytes that it cannot read, a client goes on with its replies shifted by one, and a listening one is deaf.
    client.on('error', () => this.onLost())
    client.on('end', () => this.onLost())
    await client.connect()
    await this.#options.check?.(client)
  }

  check(): Promise<unknown> {
    return this.#options.check?.(this.client) ?? this.client.sendCommand(['PING'])
  }

  /** The client, once it is connected. */
  get client(): NodeRedisClient {
    if (this.#client === undefined) throw notConnected()
    return this.#client
  }

  send(command: readonly Argument[]): Promise<unknown> {
    return this.client.sendCommand(command as Argument[], REPLY_OPTIONS)
  }

  subscribe(channel: string, listener: (message: Buffer) => void): Promise<unknown> {
    return this.client.subscribe(channel, listener, true)
  }

  destroy(): void {
    this.#isEnded = true
    // A client that is ended while its socket connects forgets the socket, which then stays: end it when it has one.
    if (this.#client !== undefined && this.#hasSocket) endClient(this.#client)
  }

  #connected(client: NodeRedisClient): void {
    this.#hasSocket = true
    if (this.#isEnded) endClient(client)
  }
}
