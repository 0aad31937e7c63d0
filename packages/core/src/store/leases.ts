import type { MapKey } from '../key-text.js'
import type { Place } from '../memory/place.js'
import { leaseText } from '../path-text.js'
import type { Sight } from '../remote.js'
import { addressOf } from './announcement.js'
import type { Announcer } from './announcer.js'
import { randomId } from './random-id.js'
import { sameBytes } from './stamps.js'
import type { StoreLink } from './store-link.js'

/** How often a waiting process looks for the value, in milliseconds: at first, and at the most. A message wakes it earlier. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 250
/** A lease that ended stands this long, in milliseconds. */
const ENDED_LIFE = 1

/** One load among all processes (a lease as in memcache at Facebook, NSDI 2013 §3.2.1): who holds it loads, the others wait. */
export class Leases {
  readonly #link: StoreLink
  readonly #announcer: Announcer
  readonly #look: (place: Place, key: MapKey) => Promise<Sight>
  /** The tokens of the leases that this process holds, by identity. */
  readonly #held = new Map<string, Uint8Array>()
  /** Who waits for a load elsewhere, by identity. */
  readonly #waiting = new Map<string, () => void>()

  constructor(link: StoreLink, announcer: Announcer, look: (place: Place, key: MapKey) => Promise<Sight>) {
    this.#link = link
    this.#announcer = announcer
    this.#look = look
  }

  /** What another process brings. This one is to load where that is nothing, or `undefined`. */
  async take(place: Place, key: MapKey, duration: number): Promise<Sight | undefined> {
    const identity = this.#link.identity(place, key)
    const end = this.#link.now() + duration
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const left = end - this.#link.now()
      if (left <= 0) return undefined
      if (await this.#taken(identity, duration)) return this.#lookAgain(place, key, identity)
      await this.#wait(identity, Math.min(pause, left))
      const sight = await this.#look(place, key)
      if (sight.entry !== undefined) return sight
    }
  }

  /** Ends a lease after `written`, so that who waits finds the value; tells those who wait. */
  async release(place: Place, key: MapKey, written: Promise<unknown> | undefined): Promise<void> {
    const identity = this.#link.identity(place, key)
    const token = this.#held.get(identity)
    if (token === undefined) return
    this.#held.delete(identity)
    await written
    try {
      await this.#link.guard.replace({ key: leaseText(identity), value: randomId(), ttl: ENDED_LIFE }, token)
    } catch (error) {
      this.#link.failed(error)
    }
    const { level, ids, space } = place
    this.#announcer.announce({ kind: 'landed', address: addressOf(level, ids), namespace: space.name, key })
  }

  /** A load of another process landed. */
  landed(place: Place, key: MapKey): void {
    this.#waiting.get(this.#link.identity(place, key))?.()
  }

  /** Another process may have brought the value, and given the lease back, after this one had looked. */
  async #lookAgain(place: Place, key: MapKey, identity: string): Promise<Sight | undefined> {
    if (!this.#held.has(identity)) return undefined
    const sight = await this.#look(place, key)
    if (sight.entry !== undefined) this.#link.engine.background.add(this.release(place, key, undefined))
    return sight
  }

  /** Whether this process has the lease now; also where the store cannot tell: then everybody loads. */
  async #taken(identity: string, duration: number): Promise<boolean> {
    const token = randomId()
    try {
      const there = await this.#link.guard.create({ key: leaseText(identity), value: token, ttl: Math.ceil(duration) })
      if (!sameBytes(there, token)) return false
      this.#held.set(identity, token)
    } catch (error) {
      this.#link.failed(error)
    }
    return true
  }

  #wait(identity: string, pause: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel()
        if (this.#waiting.get(identity) === wake) this.#waiting.delete(identity)
        resolve()
      }
      const cancel = this.#link.engine.clock.after(pause, wake)
      this.#waiting.set(identity, wake)
    })
  }
}
