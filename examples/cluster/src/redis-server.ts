import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createRedisStore } from '@cacheado/redis'
import { until } from './until.js'

/** The path of `redis-server`, or `undefined` where there is none on the PATH. */
export function findRedisServer(path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, 'redis-server'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** A redis-server of our own, on a free port of loopback, that keeps nothing on disk: we may freeze and kill it. */
export class RedisServer {
  readonly #binary: string
  readonly #port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'cacheado-example-'))
  #process: ChildProcess | undefined
  readonly #killAtExit = () => this.#process?.kill('SIGKILL')

  private constructor(binary: string, port: number) {
    this.#binary = binary
    this.#port = port
    process.once('exit', this.#killAtExit)
  }

  /** Resolves when it answers. */
  static async start(binary: string): Promise<RedisServer> {
    const server = new RedisServer(binary, await freePort())
    await server.restart()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Starts it, empty, where it was. Resolves when it answers. */
  async restart(): Promise<void> {
    const args = ['--port', String(this.#port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn(this.#binary, args, { cwd: this.#folder, stdio: 'ignore' })
    await until('redis-server answers', async () => {
      const store = createRedisStore({ url: this.url })
      try {
        await store.connect?.()
        await store.getMany(['any'])
        return true
      } finally {
        await store.close()
      }
    })
  }

  /** Connections stay open, and nothing is answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  unfreeze(): void {
    this.#process?.kill('SIGCONT')
  }

  /** What a crash looks like. Resolves when it is gone. */
  async kill(): Promise<void> {
    const killed = this.#process
    this.#process = undefined
    if (killed === undefined) return
    const gone = once(killed, 'exit')
    killed.kill('SIGKILL')
    await gone
  }

  async close(): Promise<void> {
    await this.kill()
    process.off('exit', this.#killAtExit)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
