import type { Bus, BusListener } from '../store/store.js'
import type { StoreFault } from './faulty-store-plan.js'

/** What a bus needs of the store around it. */
export interface FaultyBusHost {
  faultOfMessage(): StoreFault | undefined
  publish(message: Uint8Array): Promise<void>
  damage(value: Uint8Array): Uint8Array
  /** Resolves with `release()`; rejects when the store is closed. */
  wait(): Promise<void>
}

/** A bus that brings messages as the plan says, and is lost on command. */
export class FaultyBus implements Bus {
  readonly #bus: Bus
  readonly #host: FaultyBusHost
  readonly #listeners: BusListener[] = []
  /** Comes after the next message. */
  #overtaken: Uint8Array | undefined
  #last: Uint8Array | undefined
  #isUp = false
  #isLost = false

  constructor(bus: Bus, host: FaultyBusHost) {
    this.#bus = bus
    this.#host = host
  }

  listen(listener: BusListener): void {
    this.#listeners.push(listener)
    if (this.#listeners.length > 1) return
    this.#bus.listen({
      message: (message) => this.#receive(message),
      up: () => {
        this.#isUp = true
        if (!this.#isLost) for (const listener of this.#listeners) listener.up()
      },
      down: () => {
        this.#isUp = false
        if (!this.#isLost) for (const listener of this.#listeners) listener.down()
      },
    })
  }

  publish(message: Uint8Array): Promise<void> {
    return this.#host.publish(message)
  }

  lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#overtaken = undefined
    for (const listener of this.#listeners) listener.down()
  }

  restore(): void {
    if (!this.#isLost) return
    this.#isLost = false
    if (this.#isUp) for (const listener of this.#listeners) listener.up()
  }

  #receive(message: Uint8Array): void {
    if (this.#isLost) return
    const before = this.#last
    this.#last = message
    switch (this.#host.faultOfMessage()) {
      case undefined:
        return this.#deliver(message)
      case 'corrupt':
        return this.#deliver(this.#host.damage(message))
      case 'swap':
        if (this.#overtaken === undefined) this.#overtaken = message
        else this.#deliver(message)
        return
      case 'shift':
        return before === undefined ? undefined : this.#deliver(before)
      case 'delay':
      case 'delay-answer':
        return this.#deliverLate(message)
      default:
        return
    }
  }

  #deliver(message: Uint8Array): void {
    const messages = this.#overtaken === undefined ? [message] : [message, this.#overtaken]
    this.#overtaken = undefined
    for (const each of messages) for (const listener of this.#listeners) listener.message(new Uint8Array(each))
  }

  #deliverLate(message: Uint8Array): void {
    const deliver = () => {
      if (!this.#isLost) this.#deliver(message)
    }
    // Rejected: the store was closed, and nobody waits for the message any more.
    this.#host.wait().then(deliver, () => {})
  }
}
