import type { Commands, Entry, Found } from './commands.js'
import { Connection } from './connection.js'
import { dial, type Dialing } from './dial.js'
import { closedError, storeError } from './errors.js'
import { LineReply, ValuesReply, type Reply } from './reply.js'

/** Keys of one `get`: a line of some 25 kB at the most. More go out in the same turn. */
const KEYS_PER_LINE = 100
const SHORTEST_PAUSE = 50
const LONGEST_PAUSE = 1000

/** How to reach a server, and how long to wait for it. */
export interface OwnServerOptions extends Dialing {
  /** Milliseconds within which it has to answer. */
  readonly timeout: number
}

/**
 * A server over a connection of our own, made when it is first needed. Nothing waits for a server that is gone: after a failure
 * one command at a time tries to connect again, with growing pauses, and all others reject at once.
 */
export class OwnServer implements Commands {
  readonly #options: OwnServerOptions
  #connection: Connection | undefined
  #attempt: Promise<Connection> | undefined
  #abort: AbortController | undefined
  #failures = 0
  #notBefore = 0
  #isClosed = false

  constructor(options: OwnServerOptions) {
    this.#options = options
  }

  async get(keys: readonly string[], withUnique: boolean): Promise<ReadonlyMap<string, Found>> {
    const command = withUnique ? 'gets' : 'get'
    const asked = [...new Set(keys)]
    const slices: Promise<ReadonlyMap<string, Found>>[] = []
    for (let from = 0; from < asked.length; from += KEYS_PER_LINE) {
      const slice = asked.slice(from, from + KEYS_PER_LINE)
      slices.push(this.#send(`${command} ${slice.join(' ')}`, new ValuesReply(slice)))
    }
    const found = await Promise.all(slices)
    return found.length === 1 ? (found[0] as ReadonlyMap<string, Found>) : new Map(found.flatMap((part) => [...part]))
  }

  async set({ key, value, expiry }: Entry): Promise<void> {
    await this.#send(`set ${key} 0 ${expiry} ${value.length}`, new LineReply('STORED'), value)
  }

  async add({ key, value, expiry }: Entry): Promise<boolean> {
    const reply = new LineReply('STORED', 'NOT_STORED')
    return (await this.#send(`add ${key} 0 ${expiry} ${value.length}`, reply, value)) === 'STORED'
  }

  async cas({ key, value, expiry }: Entry, unique: string): Promise<boolean> {
    const reply = new LineReply('STORED', 'EXISTS', 'NOT_FOUND')
    return (await this.#send(`cas ${key} 0 ${expiry} ${value.length} ${unique}`, reply, value)) === 'STORED'
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#send(`delete ${key}`, new LineReply('DELETED', 'NOT_FOUND'))) === 'DELETED'
  }

  /** Connects now. Rejects where that fails. */
  async connect(): Promise<void> {
    if (!this.#connection) await this.#connect()
  }

  /** Gives the connection up, with all that waits on it; the next command makes another. */
  distrust(): void {
    this.#drop(storeError('the connection was given up'))
  }

  close(): void {
    this.#isClosed = true
    this.#drop(closedError())
  }

  #drop(error: Error): void {
    this.#abort?.abort()
    this.#connection?.destroy(error)
  }

  #send<T>(line: string, reply: Reply<T>, value?: Uint8Array): Promise<T> {
    const connection = this.#connection
    if (connection) return connection.send(line, reply, value)
    return this.#connect().then((connection) => connection.send(line, reply, value))
  }

  #connect(): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(closedError())
    // The first connection is worth waiting for, as is the one after a restart; while a server is gone, it is not.
    if (this.#attempt && this.#failures === 0) return this.#attempt
    if (this.#attempt || performance.now() < this.#notBefore) return Promise.reject(storeError('not connected'))
    this.#attempt = this.#open()
    return this.#attempt
  }

  async #open(): Promise<Connection> {
    const abort = new AbortController()
    this.#abort = abort
    try {
      const socket = await dial(this.#options, abort.signal)
      if (abort.signal.aborted) {
        socket.destroy()
        throw storeError('the connection was given up')
      }
      const connection: Connection = new Connection(socket, this.#options.timeout, {
        answered: () => (this.#failures = 0),
        ended: (hasFailed) => this.#lose(connection, hasFailed),
      })
      this.#connection = connection
      return connection
    } catch (error) {
      if (!abort.signal.aborted) this.#pause()
      throw error
    } finally {
      this.#attempt = undefined
      this.#abort = undefined
    }
  }

  #lose(connection: Connection, hasFailed: boolean): void {
    if (this.#connection === connection) this.#connection = undefined
    if (hasFailed) this.#pause()
  }

  #pause(): void {
    const longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** this.#failures)
    this.#failures++
    this.#notBefore = performance.now() + longest * (0.5 + Math.random() / 2)
  }
}
