import { later, within } from './deadline.js'

/** Longest time, in milliseconds, from the first packet to a connection that answers. */
const OPEN_LIMIT = 1_000
const HEARTBEAT = 1_000
const FIRST_DELAY = 50
const LONGEST_DELAY = 1_000

/** A connection that is used until it is lost, and then never again. */
export interface Connection {
  /** Called, where it is set, when the connection is lost; may be called more than once. */
  onLost: () => void
  /** Resolves when it can be used. */
  open(): Promise<void>
  /** Resolves while it can be used; rejects, or takes too long, where another one is needed. */
  check(): Promise<unknown>
  /** Ends it at once: commands under way reject. Never throws; safe to call again. */
  destroy(): void
}

/** Options of {@link ConnectionKeeper}. */
export interface KeeperOptions<C extends Connection> {
  create(): C
  /** How long a check may take, in milliseconds. */
  readonly checkLimit: number
  /** Whether a connection that failed its check still serves until another one is open, as a part of a cluster can. */
  readonly isPartial?: boolean
  /** What makes an open connection complete, within the same second. */
  prepare?(connection: C): Promise<unknown>
  onUp?(connection: C): void
  onDown?(): void
}

/**
 * Keeps one connection: opens it, checks it every second, and puts a new one in its place when it is lost or hangs, for ever,
 * with a growing, random delay between attempts. Each attempt is a new client with a deadline, so none can get stuck in a
 * state that its library does not leave.
 */
export class ConnectionKeeper<C extends Connection> {
  readonly #options: KeeperOptions<C>
  #current: C | undefined
  #opening: C | undefined
  #cancelTimer = () => {}
  #failures = 0
  #started: Promise<void> | undefined
  #isClosed = false

  constructor(options: KeeperOptions<C>) {
    this.#options = options
  }

  /** The connection, while there is one that can be used. */
  get current(): C | undefined {
    return this.#current
  }

  /** Begins, the first time it is called. Resolves when the first attempt has ended, either way. */
  start(): Promise<void> {
    return (this.#started ??= this.#attempt())
  }

  /** Ends the connection and opens another at once. */
  replace(): void {
    if (this.#isClosed || this.#started === undefined) return
    this.#drop()
    void this.#attempt()
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true
    this.#started ??= Promise.resolve()
    this.#drop()
  }

  async #attempt(): Promise<void> {
    if (this.#isClosed) return
    const connection = this.#options.create()
    this.#opening = connection
    connection.onLost = () => this.#lost(connection)
    const isOpen = await within(OPEN_LIMIT, this.#open(connection)).then(
      () => true,
      () => false,
    )
    if (isOpen && this.#opening === connection) return this.#adopt(connection)
    connection.destroy()
    if (this.#opening !== connection) return
    this.#opening = undefined
    // A part that still served is given up too: nothing else answers, and what hangs would never be rejected.
    if (this.#current !== undefined) this.#lost(this.#current)
    else this.#retry()
  }

  async #open(connection: C): Promise<void> {
    await connection.open()
    await this.#options.prepare?.(connection)
  }

  #adopt(connection: C): void {
    const before = this.#current
    this.#opening = undefined
    this.#current = connection
    this.#failures = 0
    before?.destroy()
    this.#checkLater(connection)
    this.#options.onUp?.(connection)
  }

  #checkLater(connection: C): void {
    this.#cancelTimer = later(HEARTBEAT, () => void this.#check(connection))
  }

  async #check(connection: C): Promise<void> {
    const isWell = await within(this.#options.checkLimit, connection.check()).then(
      () => true,
      () => false,
    )
    if (this.#current !== connection) return
    if (isWell) this.#checkLater(connection)
    else if (this.#options.isPartial) void this.#attempt()
    else this.#lost(connection)
  }

  #lost(connection: C): void {
    if (this.#current !== connection) return
    this.#drop()
    this.#retry()
  }

  /** Delays are random, so that processes that lost their server together do not come back together (I-02). */
  #retry(): void {
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#failures++, 10))
    this.#cancelTimer = later(delay * (0.5 + Math.random() / 2), () => void this.#attempt())
  }

  #drop(): void {
    this.#cancelTimer()
    const { onDown } = this.#options
    const dropped = this.#current
    const opening = this.#opening
    this.#current = undefined
    this.#opening = undefined
    opening?.destroy()
    if (dropped === undefined) return
    dropped.destroy()
    onDown?.()
  }
}
