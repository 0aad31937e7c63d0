import { connect, type Socket } from 'node:net'
import { encodeCommand, RespError, RespReader, type RespValue } from './resp.js'

/** A connection that speaks RESP and does nothing by itself: for tests that watch single replies, and for administration. */
export class RawConnection {
  readonly #socket: Socket
  readonly #reader = new RespReader()
  readonly #waiting: { resolve: (value: RespValue) => void; reject: (error: Error) => void }[] = []
  /** Replies that came before anybody waited for them. */
  readonly #unclaimed: RespValue[] = []
  #ended: Error | undefined
  /** Push messages of RESP3, in their order. */
  readonly pushes: RespValue[] = []
  /** Resolves when the connection is over, to the error that ended it, if one did. */
  readonly closed: Promise<Error | undefined>

  private constructor(socket: Socket) {
    this.#socket = socket
    let failure: Error | undefined
    socket.on('error', (error) => (failure = error))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end(failure ?? new Error('the connection was closed'))
        resolve(failure)
      })
    })
  }

  /** @throws Error of `node:net` where nobody listens */
  static open(port: number, host = '127.0.0.1'): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawConnection(socket))
      })
    })
  }

  /** The next reply that nobody else waits for; an error reply is a value. One too many is taken for the next, for ever. */
  reply(): Promise<RespValue> {
    if (this.#unclaimed.length > 0) return Promise.resolve(this.#unclaimed.shift() as RespValue)
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  send(...command: readonly (string | Uint8Array)[]): void {
    this.#socket.write(encodeCommand(command))
  }

  /** Sends a command; its reply, or whatever comes in its place. */
  ask(...command: readonly (string | Uint8Array)[]): Promise<RespValue> {
    this.send(...command)
    return this.reply()
  }

  /** The same, and rejects where the reply is an error. */
  async call(...command: readonly (string | Uint8Array)[]): Promise<RespValue> {
    const value = await this.ask(...command)
    if (value instanceof RespError) throw new Error(value.message)
    return value
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        const waiting = frame.isPush ? undefined : this.#waiting.shift()
        if (waiting) waiting.resolve(frame.value)
        else (frame.isPush ? this.pushes : this.#unclaimed).push(frame.value)
      }
    } catch (error) {
      this.#end(error as Error)
      this.#socket.destroy()
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended)
  }
}

/** One command over a connection of its own. @throws Error with the text of an error reply */
export async function redisCall(port: number, ...command: readonly (string | Uint8Array)[]): Promise<RespValue> {
  const connection = await RawConnection.open(port)
  try {
    return await connection.call(...command)
  } finally {
    connection.close()
  }
}
