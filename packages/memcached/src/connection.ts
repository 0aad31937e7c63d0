import type { Socket } from 'node:net'
import type { Reply } from './reply.js'
import { ReplyReader } from './reply-reader.js'
import { storeError } from './errors.js'

/** More than this, written and not taken by the server, means that it does not read. */
const MOST_UNSENT = 16 * 1024 * 1024
const LINE_END = Buffer.from('\r\n')

interface Waiting {
  readonly reply: Reply<unknown>
  readonly since: number
  readonly settle: (result: unknown) => void
  readonly fail: (error: Error) => void
}

/** Who owns a {@link Connection}. */
export interface ConnectionOwner {
  /** The server answered a command. */
  answered(): void
  /** It is over; `hasFailed` unless it just broke off or was given up. */
  ended(hasFailed: boolean): void
}

/**
 * One connection: commands go out in the order in which they are given, those of one turn of the event loop together, and
 * replies are matched by that order. A connection that answers too late, or anything but what was asked, is given up with all
 * that waits on it: no later command ever meets the reply to an earlier one.
 */
export class Connection {
  readonly #socket: Socket
  readonly #timeout: number
  readonly #reader = new ReplyReader()
  readonly #owner: ConnectionOwner
  #waiting: Waiting[] = []
  #first = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isCorked = false
  #isOver = false

  /** @param timeout milliseconds within which the server has to answer */
  constructor(socket: Socket, timeout: number, owner: ConnectionOwner) {
    this.#socket = socket
    this.#timeout = timeout
    this.#owner = owner
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.#end(storeError('the connection failed', error), false))
    socket.on('close', () => this.#end(storeError('the connection was lost'), false))
  }

  /** Sends a command, with a value after it where it has one. */
  send<T>(line: string, reply: Reply<T>, value?: Uint8Array): Promise<T> {
    if (this.#isOver) return Promise.reject(storeError('the connection was lost'))
    if (this.#socket.writableLength > MOST_UNSENT) return Promise.reject(storeError('the server does not read'))
    this.#write(line, value)
    return new Promise<T>((settle, fail) => {
      this.#waiting.push({ reply, since: performance.now(), settle: settle as (result: unknown) => void, fail })
      this.#timer ??= this.#watch(this.#timeout)
    })
  }

  /** Gives it up, with all that waits. */
  destroy(error: Error): void {
    this.#end(error, false)
  }

  #write(line: string, value: Uint8Array | undefined): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(`${line}\r\n`, 'latin1')
    if (value === undefined) return
    this.#socket.write(value)
    this.#socket.write(LINE_END)
  }

  #take(chunk: Buffer): void {
    try {
      if (!this.#reader.push(chunk)) return
      while (this.#readOne());
    } catch (error) {
      this.#end(error as Error, true)
    }
  }

  /** Whether a whole reply was there. */
  #readOne(): boolean {
    const waiting = this.#waiting[this.#first]
    if (!waiting) {
      if (this.#reader.line() !== undefined) throw storeError('a reply that nobody waits for')
      return false
    }
    const complete = waiting.reply.read(this.#reader)
    if (!complete) return false
    this.#forgetFirst()
    this.#owner.answered()
    if (complete.result instanceof Error) waiting.fail(complete.result)
    else waiting.settle(complete.result)
    return true
  }

  #forgetFirst(): void {
    this.#first++
    if (this.#first < this.#waiting.length && this.#first < 1000) return
    this.#waiting.splice(0, this.#first)
    this.#first = 0
  }

  #watch(after: number): ReturnType<typeof setTimeout> {
    // The replies may have come while this process was busy: one turn to read them, before the server is blamed.
    return setTimeout(() => setImmediate(() => this.#look()), after)
  }

  #look(): void {
    this.#timer = undefined
    const oldest = this.#waiting[this.#first]
    if (this.#isOver || !oldest) return
    const left = oldest.since + this.#timeout - performance.now()
    if (left > 0) this.#timer = this.#watch(left)
    else this.#end(storeError('the server does not answer'), true)
  }

  #end(error: Error, hasFailed: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#socket.destroy()
    const waiting = this.#waiting.slice(this.#first)
    this.#waiting = []
    this.#first = 0
    this.#owner.ended(hasFailed)
    for (const { fail } of waiting) fail(error)
  }
}
