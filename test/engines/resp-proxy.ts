import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { ProxiedConnection } from './proxied-connection.js'
import { RunningRecording, type RecordedCommand, type Recording } from './proxy-recording.js'
import { ERROR_REPLIES, type ConnectionView, type ProxyRules, type ReplyFault } from './proxy-rules.js'
import { seededRandom } from '../../packages/core/src/testing/seeded-random.js'

/** Options of {@link startProxy}. */
export interface ProxyOptions {
  readonly host?: string
  /** Of the Redis behind it. */
  readonly port: number
  /** Of jitter and of what becomes of messages. Default: 1. */
  readonly seed?: number
}

/** What is ordered for single replies. */
export interface FaultOrder {
  /** Replies to this command, by its name in capitals. Default: any. */
  readonly command?: string
  /** How many replies. Default: 1. */
  readonly times?: number
  /** On which connections. Default: all. */
  readonly on?: (connection: ConnectionView) => boolean
}

/** A Redis with a bad line to it. */
export interface RespProxy {
  readonly port: number
  readonly url: string
  readonly seed: number
  /** Connections that are open now. */
  readonly connections: readonly ConnectionView[]
  /** How many connections were accepted so far. */
  readonly accepted: number
  /** Rules for all connections, or for each; none means that all is well. They hold for the next byte on. */
  rules(next?: ProxyRules | ((connection: ConnectionView) => ProxyRules | undefined)): void
  /** Orders a fault for the next reply, or the next few. Gives how many are still to come. */
  order(fault: ReplyFault, order?: FaultOrder): { readonly left: number }
  /** What `insert` puts before a reply. Default: a bulk string. */
  extraReply: Buffer
  /** Ends the connections with RST: all, or those that are meant. */
  reset(which?: (connection: ConnectionView) => boolean): void
  /** From now on connections are refused; those that are open stay. */
  refuse(): void
  /** The end of {@link refuse}, on the same port. */
  accept(): Promise<void>
  record(): Recording
  close(): Promise<void>
}

/** A TCP proxy before a Redis, that breaks what goes through it on command. */
export async function startProxy(options: ProxyOptions): Promise<RespProxy> {
  const proxy = new FaultProxy(options)
  await proxy.accept()
  return proxy
}

interface OpenOrder {
  readonly fault: ReplyFault
  readonly order: FaultOrder
  left: number
}

class FaultProxy implements RespProxy {
  readonly target: { readonly host: string; readonly port: number }
  readonly seed: number
  readonly random: () => number
  extraReply = Buffer.from('$5\r\nextra\r\n')
  accepted = 0
  #port = 0
  #listener: Server | undefined
  #rules: (connection: ConnectionView) => ProxyRules | undefined = () => undefined
  #orders: OpenOrder[] = []
  readonly #connections = new Map<Socket, ProxiedConnection>()
  /** Accepted and never connected to the server. */
  readonly #refused = new Set<Socket>()
  readonly #recordings = new Set<RunningRecording>()

  constructor({ host = '127.0.0.1', port, seed = 1 }: ProxyOptions) {
    this.target = { host, port }
    this.seed = seed
    this.random = seededRandom(seed)
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  get connections(): readonly ConnectionView[] {
    return [...this.#connections.values()]
  }

  rules(next?: ProxyRules | ((connection: ConnectionView) => ProxyRules | undefined)): void {
    this.#rules = typeof next === 'function' ? next : () => next
  }

  rulesFor(connection: ConnectionView): ProxyRules {
    return this.#rules(connection) ?? {}
  }

  order(fault: ReplyFault, order: FaultOrder = {}): { readonly left: number } {
    const open = { fault, order, left: order.times ?? 1 }
    this.#orders.push(open)
    return open
  }

  takeFault(connection: ConnectionView, command: string): ReplyFault | undefined {
    const open = this.#orders.find(
      ({ order }) => (order.command ?? command) === command && (order.on?.(connection) ?? true),
    )
    if (open === undefined) return undefined
    open.left--
    this.#orders = this.#orders.filter(({ left }) => left > 0)
    return open.fault
  }

  reset(which: (connection: ConnectionView) => boolean = () => true): void {
    for (const connection of this.#connections.values()) if (which(connection)) connection.reset()
  }

  refuse(): void {
    this.#listener?.close()
    this.#listener = undefined
  }

  accept(): Promise<void> {
    if (this.#listener) return Promise.resolve()
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connect(socket))
    this.#listener = listener
    return new Promise((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(this.#port, '127.0.0.1', () => {
        this.#port = (listener.address() as AddressInfo).port
        resolve()
      })
    })
  }

  record(): Recording {
    const recording = new RunningRecording((ended) => this.#recordings.delete(ended))
    this.#recordings.add(recording)
    return recording
  }

  recordCommand(command: RecordedCommand, startsTrip: boolean): void {
    for (const recording of this.#recordings) recording.command(command, startsTrip)
  }

  recordReply(bytes: Buffer): void {
    for (const recording of this.#recordings) recording.reply(bytes)
  }

  async close(): Promise<void> {
    this.refuse()
    for (const connection of this.#connections.values()) connection.destroy()
    for (const socket of this.#refused) socket.destroy()
  }

  #connect(socket: Socket): void {
    const id = ++this.accepted
    const { greeting } = this.rulesFor({ id, commands: new Set(), isSubscriber: false })
    if (greeting === undefined) {
      this.#connections.set(socket, new ProxiedConnection(id, socket, this))
      socket.once('close', () => this.#connections.delete(socket))
      return
    }
    this.#refused.add(socket)
    socket.once('close', () => this.#refused.delete(socket))
    // It may be gone before it was told.
    socket.on('error', () => {})
    socket.resume()
    socket.end(`-${ERROR_REPLIES[greeting]}\r\n`)
  }
}
