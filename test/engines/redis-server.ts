import { binaryOf } from './engine-or-skip.js'
import { EngineProcess } from './engine-process.js'
import { redisCall } from './raw-connection.js'

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** More arguments, after ours: `['--appendonly', 'yes']`, `['--enable-debug-command', 'local']`. */
  readonly args?: readonly string[]
  /** Default: a free one. */
  readonly port?: number
}

/** A real redis-server on loopback, ours alone. */
export interface RedisServer {
  readonly port: number
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  readonly pid: number
  readonly isRunning: boolean
  /** SIGSTOP: connections stay open, nothing is answered. Resolves when it stands still. */
  stop(): Promise<void>
  /** SIGCONT. */
  continue(): Promise<void>
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
  /** The same port, arguments and folder; killed first where it runs. Empty, unless its arguments make it keep what it has. */
  restart(): Promise<void>
  /** One command over a connection of its own. */
  call: (...command: readonly (string | Uint8Array)[]) => ReturnType<typeof redisCall>
  /** Kills it and removes its folder. */
  close(): Promise<void>
}

/** A redis-server of our own, which keeps nothing on disk unless its arguments say so. Resolves when it answers PING. */
export async function startRedis({ args = [], port }: RedisOptions = {}): Promise<RedisServer> {
  const process = await EngineProcess.start({
    binary: binaryOf('redis-server'),
    port,
    args: (port, folder) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no', ...args],
    ],
    answers: async (port) => (await redisCall(port, 'PING')) === 'PONG',
  })
  return {
    port: process.port,
    url: `redis://127.0.0.1:${process.port}`,
    get pid() {
      return process.pid
    },
    get isRunning() {
      return process.isRunning
    },
    stop: () => process.stop(),
    continue: () => process.continue(),
    kill: () => process.kill(),
    restart: () => process.restart(),
    call: (...command) => redisCall(process.port, ...command),
    close: () => process.close(),
  }
}
