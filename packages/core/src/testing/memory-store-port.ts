import type { BusListener } from '../store/store.js'

/**
 * Where one store meets the engine: whether it is connected, and the messages that are on their way to it. Each message is
 * delivered in a microtask of its own, as if it had come over a wire.
 */
export class MemoryPort {
  readonly #inbox: Uint8Array[] = []
  #listener: BusListener | undefined
  #isHeld: boolean
  #canOperate = true
  #hearsMessages = true
  #isEnded = false

  constructor(isHeld: boolean) {
    this.#isHeld = isHeld
  }

  /** Whether operations reach the engine. */
  get isConnected(): boolean {
    return this.#canOperate && !this.#isEnded
  }

  get waiting(): number {
    return this.#inbox.length
  }

  listen(listener: BusListener): void {
    this.#listener = listener
    queueMicrotask(() => {
      if (this.#hearsMessages && !this.#isEnded) listener.up()
    })
  }

  send(message: Uint8Array): void {
    if (this.#listener === undefined || !this.#hearsMessages || this.#isEnded) return
    this.#inbox.push(new Uint8Array(message))
    this.#deliverSoon()
  }

  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    for (let times = this.#inbox.length; times > 0; times--) this.#deliverSoon()
  }

  discard(): number {
    return this.#inbox.splice(0).length
  }

  disconnect(part: 'all' | 'bus'): void {
    if (part === 'all') this.#canOperate = false
    if (!this.#hearsMessages) return
    this.#hearsMessages = false
    this.#inbox.length = 0
    this.#listener?.down()
  }

  reconnect(): void {
    this.#canOperate = true
    if (this.#hearsMessages) return
    this.#hearsMessages = true
    this.#listener?.up()
  }

  end(): void {
    this.#isEnded = true
    this.#inbox.length = 0
  }

  #deliverSoon(): void {
    queueMicrotask(() => {
      if (this.#isHeld || this.#isEnded) return
      const message = this.#inbox.shift()
      if (message !== undefined) this.#listener?.message(message)
    })
  }
}
