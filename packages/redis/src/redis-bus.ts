import type { Bus, BusListener } from '@cacheado/core/store'
import { ConnectionKeeper } from './connection-keeper.js'
import type { Link, Subscriber } from './link.js'
import { PUBLISH } from './script.js'

/** How long, in milliseconds, a connection may leave a heartbeat unanswered; with the second between two, two seconds in all. */
const HEARTBEAT_LIMIT = 950

/** Messages by publish and subscribe, on a connection that does nothing else. */
export class RedisBus implements Bus {
  readonly #link: Link
  readonly #channel: string
  readonly #listeners: BusListener[] = []
  readonly #keeper: ConnectionKeeper<Subscriber>

  constructor(link: Link, channel: string) {
    this.#link = link
    this.#channel = channel
    this.#keeper = new ConnectionKeeper({
      create: () => link.subscriber(),
      prepare: (subscriber) => subscriber.subscribe(channel, (message) => this.#tell((each) => each.message(message))),
      checkLimit: HEARTBEAT_LIMIT,
      onUp: () => this.#tell((listener) => listener.up()),
      onDown: () => this.#tell((listener) => listener.down()),
    })
  }

  listen(listener: BusListener): void {
    this.#listeners.push(listener)
    if (this.#keeper.current !== undefined) listener.up()
    void this.#keeper.start()
  }

  async publish(message: Uint8Array): Promise<void> {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    if (this.#link.isCluster) await PUBLISH.run(this.#link.send, [this.#channel], [bytes])
    else await this.#link.send(this.#channel, ['PUBLISH', this.#channel, bytes])
  }

  /** Listens on another connection. */
  replace(): void {
    this.#keeper.replace()
  }

  close(): void {
    this.#keeper.close()
    this.#listeners.length = 0
  }

  #tell(what: (listener: BusListener) => void): void {
    for (const listener of this.#listeners) what(listener)
  }
}
