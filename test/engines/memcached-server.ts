import { connect } from 'node:net'
import { binaryOf } from './engine-or-skip.js'
import { EngineProcess } from './engine-process.js'

/** Options of {@link startMemcached}. */
export interface MemcachedOptions {
  /** More arguments, after ours: `['-m', '8']`. */
  readonly args?: readonly string[]
  /** Default: a free one. */
  readonly port?: number
}

/** A real memcached on loopback, ours alone. */
export interface MemcachedServer {
  readonly port: number
  /** `127.0.0.1:<port>` */
  readonly address: string
  readonly pid: number
  readonly isRunning: boolean
  /** SIGSTOP: connections stay open, nothing is answered. Resolves when it stands still. */
  stop(): Promise<void>
  /** SIGCONT. */
  continue(): Promise<void>
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
  /** The same port and arguments, empty; killed first where it runs. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** A memcached of our own. Resolves when it answers. */
export async function startMemcached({ args = [], port }: MemcachedOptions = {}): Promise<MemcachedServer> {
  // As root it refuses to start until it is told whose rights to take.
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const engine = await EngineProcess.start({
    binary: binaryOf('memcached'),
    port,
    args: (port) => ['-p', String(port), '-U', '0', '-l', '127.0.0.1', ...user, ...args],
    answers,
  })
  return {
    port: engine.port,
    address: `127.0.0.1:${engine.port}`,
    get pid() {
      return engine.pid
    },
    get isRunning() {
      return engine.isRunning
    },
    stop: () => engine.stop(),
    continue: () => engine.continue(),
    kill: () => engine.kill(),
    restart: () => engine.restart(),
    close: () => engine.close(),
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('version\r\n'))
    socket.once('error', () => resolve(false))
    socket.once('data', (text: Buffer) => {
      socket.destroy()
      resolve(text.toString().startsWith('VERSION'))
    })
  })
}
