import { connect, type Socket } from 'node:net'
import { ProxyOutlet } from './proxy-outlet.js'
import {
  ERROR_REPLIES,
  errorFor,
  faultFor,
  type ConnectionView,
  type ProxyRules,
  type ReplyFault,
} from './proxy-rules.js'
import type { RecordedCommand } from './proxy-recording.js'
import { encodeCommand, RespReader, type Frame } from './resp.js'

/** What a connection asks the proxy. */
export interface ProxyHost {
  readonly target: { readonly host: string; readonly port: number }
  rulesFor(connection: ConnectionView): ProxyRules
  /** What was ordered for one reply to this command, where something was. */
  takeFault(connection: ConnectionView, command: string): ReplyFault | undefined
  /** What `insert` puts before a reply. */
  readonly extraReply: Buffer
  random(): number
  recordCommand(command: RecordedCommand, startsTrip: boolean): void
  recordReply(bytes: Buffer): void
}

/** A command that has no reply yet. */
interface Pending {
  readonly name: string
  /** What the client gets instead of what the server says. */
  readonly instead?: Buffer | undefined
  /** How many replies the server owes. */
  owed: number
}

const GARBAGE = Buffer.from('\0\u0001no RESP at all\r\n\u00ff\r\n', 'latin1')
const SUBSCRIBING = /^[PS]?SUBSCRIBE$/
const CONFIRMATION = /^[ps]?(?:un)?subscribe$/
const MESSAGE = /^[ps]?message$/

/** One client, one connection to the server, and what goes wrong between them. */
export class ProxiedConnection implements ConnectionView {
  readonly id: number
  readonly commands = new Set<string>()
  readonly #host: ProxyHost
  readonly #client: Socket
  readonly #server: Socket
  readonly #outlet: ProxyOutlet
  readonly #fromClient = new RespReader()
  readonly #fromServer = new RespReader()
  readonly #pending: Pending[] = []
  /** A reply, a message, that comes after the next one. */
  #laterReply: Buffer | undefined
  #laterMessage: Buffer | undefined
  #isSwallowed = false
  #transaction: 'none' | 'open' | 'failed' = 'none'

  constructor(id: number, client: Socket, host: ProxyHost) {
    this.id = id
    this.#host = host
    this.#client = client
    this.#outlet = new ProxyOutlet(client, () => this.#swallows())
    this.#server = connect({ ...host.target, noDelay: true })
    client.on('data', (chunk: Buffer) => this.#guarded(() => this.#sent(chunk)))
    client.on('close', () => this.#server.destroy())
    client.on('end', () => {
      if (!this.#swallows()) client.end()
    })
    // 'close' follows, and ends the other side.
    client.on('error', () => {})
    this.#server.on('data', (chunk: Buffer) => this.#guarded(() => this.#received(chunk)))
    this.#server.on('end', () => {
      if (!this.#swallows()) this.#outlet.end()
    })
    this.#server.on('error', () => {
      if (!this.#swallows()) this.reset()
    })
  }

  get isSubscriber(): boolean {
    return [...this.commands].some((name) => SUBSCRIBING.test(name))
  }

  /** RST, now. */
  reset(): void {
    this.#client.resetAndDestroy()
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  /** Whether the black hole has it; once it has, for ever. */
  #swallows(): boolean {
    this.#isSwallowed ||= this.#host.rulesFor(this).blackHole === true
    return this.#isSwallowed
  }

  /** A test speaks no RESP to the proxy: then the connection is over. */
  #guarded(act: () => void): void {
    if (this.#swallows()) return
    try {
      act()
    } catch {
      this.reset()
    }
  }

  #sent(chunk: Buffer): void {
    for (const frame of this.#fromClient.push(chunk)) {
      const words = frame.value as readonly Buffer[]
      const name = String(words[0]).toUpperCase()
      this.commands.add(name)
      const command = { connection: this.id, name, words, bytes: frame.bytes.length }
      this.#host.recordCommand(command, this.#pending.length === 0)
      this.#forward(name, frame)
    }
    this.#answerOwn()
  }

  #forward(name: string, frame: Frame): void {
    const error = errorFor(this.#host.rulesFor(this), name)
    const isExec = name === 'EXEC'
    if (error === undefined && !(isExec && this.#transaction === 'failed')) {
      this.#pending.push({ name, owed: owedFor(name, frame) })
      this.#server.write(frame.bytes)
      if (name === 'MULTI') this.#transaction = 'open'
      else if (isExec || name === 'DISCARD') this.#transaction = 'none'
      return
    }
    const instead = Buffer.from(`-${error ?? ERROR_REPLIES.EXECABORT}\r\n`)
    if (isExec && this.#transaction !== 'none') {
      // As a server does with a transaction one command of which it has refused.
      this.#server.write(encodeCommand(['DISCARD']))
      this.#pending.push({ name, owed: 1, instead })
      this.#transaction = 'none'
    } else {
      if (this.#transaction === 'open') this.#transaction = 'failed'
      this.#pending.push({ name, owed: 0, instead })
    }
  }

  #received(chunk: Buffer): void {
    for (const frame of this.#fromServer.push(chunk)) {
      this.#host.recordReply(frame.bytes)
      const kind = kindOf(frame)
      if (MESSAGE.test(kind) || (frame.isPush && !CONFIRMATION.test(kind))) this.#message(frame.bytes)
      else this.#reply(frame.bytes)
      this.#answerOwn()
    }
  }

  #reply(bytes: Buffer): void {
    const pending = this.#pending[0]
    // Nobody asked: as MONITOR does, and a server that says goodbye.
    if (pending === undefined) return this.#send(bytes)
    pending.owed--
    if (pending.owed <= 0) this.#pending.shift()
    this.#deliver(pending.name, pending.instead ?? bytes)
  }

  /** Answers what the server was never asked, when its turn has come. */
  #answerOwn(): void {
    for (let first = this.#pending[0]; first?.instead && first.owed === 0; first = this.#pending[0]) {
      this.#pending.shift()
      this.#deliver(first.name, first.instead)
    }
  }

  #deliver(name: string, bytes: Buffer): void {
    const fault = this.#host.takeFault(this, name) ?? faultFor(this.#host.rulesFor(this), name)
    if (fault === 'drop') return
    if (fault === 'swap' && this.#laterReply === undefined) {
      this.#laterReply = bytes
      return
    }
    if (fault === 'truncate' || fault === 'reset') {
      this.#send(bytes.subarray(0, bytes.length >> 1))
      return fault === 'reset' ? this.#outlet.reset() : this.#outlet.end()
    }
    if (fault === 'insert') this.#send(this.#host.extraReply)
    this.#send(fault === 'garbage' ? GARBAGE : bytes)
    if (fault === 'duplicate') this.#send(bytes)
    if (this.#laterReply !== undefined) this.#send(this.#laterReply)
    this.#laterReply = undefined
  }

  #message(bytes: Buffer): void {
    const { drop = 0, duplicate = 0, reorder = 0 } = this.#host.rulesFor(this).messages ?? {}
    const chance = drop + duplicate + reorder > 0 ? this.#host.random() : 1
    if (chance < drop) return
    if (chance >= drop + duplicate && chance < drop + duplicate + reorder && this.#laterMessage === undefined) {
      this.#laterMessage = bytes
      return
    }
    this.#send(bytes)
    if (chance < drop + duplicate) this.#send(bytes)
    if (this.#laterMessage !== undefined) this.#send(this.#laterMessage)
    this.#laterMessage = undefined
  }

  #send(bytes: Buffer): void {
    const rules = this.#host.rulesFor(this)
    this.#outlet.send(bytes, rules, rules.jitter === undefined ? 0 : this.#host.random())
  }
}

/** Each channel is confirmed by itself; how many are, where none is named, the confirmations say: one at least. */
function owedFor(name: string, frame: Frame): number {
  const words = frame.value as readonly Buffer[]
  return SUBSCRIBING.test(name) || /^[PS]?UNSUBSCRIBE$/.test(name) ? Math.max(1, words.length - 1) : 1
}

/** The first word of a frame that may be about a subscription. */
function kindOf({ value }: Frame): string {
  return Array.isArray(value) && value.length >= 2 && Buffer.isBuffer(value[0]) ? value[0].toString() : ''
}
