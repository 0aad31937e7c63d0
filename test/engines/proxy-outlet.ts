import type { Socket } from 'node:net'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import type { ProxyRules } from './proxy-rules.js'

/** Writes of one reply that come alone; what is between them comes at once, or a large value would take minutes. */
const FRAGMENTS_AT_EACH_END = 500

/** What goes to a client: in order, as late and in as many pieces as the rules say. */
export class ProxyOutlet {
  readonly #socket: Socket
  readonly #isSilent: () => boolean
  readonly #steps: (() => Promise<void> | void)[] = []
  #isRunning = false

  /** @param isSilent whether nothing goes any more */
  constructor(socket: Socket, isSilent: () => boolean) {
    this.#socket = socket
    this.#isSilent = isSilent
  }

  send(bytes: Buffer, rules: ProxyRules, chance: number): void {
    const due = performance.now() + (rules.delay ?? 0) + (rules.jitter ?? 0) * chance
    this.#add(async () => {
      const rest = due - performance.now()
      if (rest > 0) await pause(rest)
      if (this.#isSilent()) return
      if (rules.fragment === undefined) this.#socket.write(bytes)
      else for (const piece of piecesOf(bytes, rules.fragment)) await this.#writeAlone(piece)
    })
  }

  /** FIN, after all that was sent. */
  end(): void {
    this.#add(() => void this.#socket.end())
  }

  /** RST, after all that was sent. */
  reset(): void {
    this.#add(async () => {
      // libuv tells a client of a FIN where it finds bytes and an RST at once: they are to be read first.
      await pause(10)
      this.#socket.resetAndDestroy()
    })
  }

  /** In packets of their own: the other side reads one before the next is there. */
  async #writeAlone(piece: Buffer): Promise<void> {
    if (!this.#socket.writable) return
    this.#socket.write(piece)
    await turn()
  }

  #add(step: () => Promise<void> | void): void {
    this.#steps.push(step)
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      if (!this.#socket.destroyed && !this.#isSilent()) await step()
    }
    this.#isRunning = false
  }
}

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
  const edge = size * FRAGMENTS_AT_EACH_END
  let at = 0
  while (at < bytes.length) {
    const isMiddle = at >= edge && bytes.length - at > edge
    const end = isMiddle ? bytes.length - edge : Math.min(at + size, bytes.length)
    yield bytes.subarray(at, end)
    at = end
  }
}
