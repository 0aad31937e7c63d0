import type { IoredisClient } from './ioredis.js'
import { notConnected } from './errors.js'
import type { Subscriber } from './link.js'
import { REPLY_OPTIONS, type NodeRedisClient } from './node-redis.js'

/** What either library says when a connection is gone. */
const LOSSES = ['error', 'end', 'close', 'reconnecting']

const silent = () => {}

/**
 * Listening on a client that the application gave for it: it is connected, reconnected and closed there. One for all attempts,
 * since the client keeps what it listens to over a loss, and would hear each message once for each attempt.
 */
export class LentSubscriber implements Subscriber {
  onLost = silent
  readonly #client: NodeRedisClient | IoredisClient
  #channel: string | undefined
  #listener: (message: Buffer) => void = silent

  constructor(client: NodeRedisClient | IoredisClient) {
    this.#client = client
  }

  open(): Promise<void> {
    return this.#isReady ? Promise.resolve() : Promise.reject(notConnected())
  }

  check(): Promise<unknown> {
    const client = this.#client
    return 'isReady' in client ? client.sendCommand(['PING'], REPLY_OPTIONS) : client.ping()
  }

  async subscribe(channel: string, listener: (message: Buffer) => void): Promise<void> {
    const client = this.#client
    this.#listener = listener
    if (this.#channel === undefined) {
      this.#channel = channel
      for (const event of LOSSES) client.on(event, this.#lost)
      if (!('isReady' in client)) client.on('messageBuffer', this.#heardFrom)
    }
    await ('isReady' in client ? client.subscribe(channel, this.#heard, true) : client.subscribe(channel))
  }

  destroy(): void {
    this.#listener = silent
  }

  /** Leaves the client as it was. */
  close(): void {
    const client = this.#client
    if (this.#channel === undefined) return
    for (const event of LOSSES) client.off(event, this.#lost)
    if ('isReady' in client) client.unsubscribe(this.#channel, this.#heard, true).catch(silent)
    else {
      client.off('messageBuffer', this.#heardFrom)
      client.unsubscribe(this.#channel).catch(silent)
    }
  }

  get #isReady(): boolean {
    return 'isReady' in this.#client ? this.#client.isReady : this.#client.status === 'ready'
  }

  readonly #lost = () => {
    if (!this.#isReady) this.onLost()
  }

  readonly #heard = (message: Buffer) => this.#listener(message)

  readonly #heardFrom = (channel: unknown, message: unknown) => {
    if (String(channel) === this.#channel) this.#listener(message as Buffer)
  }
}
