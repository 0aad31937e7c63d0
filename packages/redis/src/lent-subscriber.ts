import type { IoredisClient } from './ioredis.js'
import { notConnected } from './errors.js'
import type { Subscriber } from './link.js'
import { REPLY_OPTIONS, type NodeRedisClient } from './node-redis.js'

/** Listening on a client that the application gave for it: it is connected, reconnected and closed there. */
export class LentSubscriber implements Subscriber {
  onLost = () => {}
  readonly #client: NodeRedisClient | IoredisClient
  #stop = () => {}

  constructor(client: NodeRedisClient | IoredisClient) {
    this.#client = client
  }

  async open(): Promise<void> {
    const isReady = 'isReady' in this.#client ? this.#client.isReady : this.#client.status === 'ready'
    if (!isReady) throw notConnected()
    const lost = () => this.onLost()
    // What either library says when a connection is gone; an error of a node-redis client comes with the loss of it.
    for (const event of ['error', 'end', 'close', 'reconnecting']) this.#client.on(event, lost)
    this.#stop = () => {
      for (const event of ['error', 'end', 'close', 'reconnecting']) this.#client.off(event, lost)
    }
  }

  check(): Promise<unknown> {
    const client = this.#client
    return 'isReady' in client ? client.sendCommand(['PING'], REPLY_OPTIONS) : client.ping()
  }

  async subscribe(channel: string, listener: (message: Buffer) => void): Promise<void> {
    const client = this.#client
    const stopBefore = this.#stop
    if ('isReady' in client) {
      this.#stop = () => {
        stopBefore()
        if (client.isReady) client.unsubscribe(channel, listener, true).catch(() => {})
      }
      await client.subscribe(channel, listener, true)
    } else {
      const heard = (from: Buffer, message: Buffer) => {
        if (from.toString() === channel) listener(message)
      }
      client.on('messageBuffer', heard)
      this.#stop = () => {
        stopBefore()
        client.off('messageBuffer', heard)
        if (client.status === 'ready') client.unsubscribe(channel).catch(() => {})
      }
      await client.subscribe(channel)
    }
  }

  destroy(): void {
    this.#stop()
    this.#stop = () => {}
  }
}
