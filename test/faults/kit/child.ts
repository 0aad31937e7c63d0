import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

/** What a child process is told to do. */
export type Order = { readonly id: number } & (
  | { readonly does: 'ready' | 'count' | 'end' }
  | {
      readonly does: 'read'
      readonly tenant: string
      readonly key: string
      /** What its load brings, and after how many milliseconds. */
      readonly version: number
      readonly work?: number
    }
  | { readonly does: 'stampede'; readonly callers: number; readonly keys: number; readonly work: number }
  | { readonly does: 'invalidate'; readonly tenants: readonly string[] }
  | { readonly does: 'write'; readonly count: number }
)

/** What it says: to an order, or by itself (0: it is up, -1: it has closed its cache). */
export interface Report {
  readonly id: number
  readonly result?: unknown
  readonly failure?: string
}

type Told<T> = T extends unknown ? Omit<T, 'id'> : never

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

let program: Promise<string> | undefined

/** The program as one file that a plain `node` runs; built once for each test file. */
function bundle(): Promise<string> {
  program ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cacheado-child-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const outfile = join(folder, 'child-program.cjs')
    await build({
      entryPoints: [path('child-program.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
      alias: {
        '@cacheado/core': path('../../../packages/core/src/index.ts'),
        '@cacheado/core/store': path('../../../packages/core/src/store/index.ts'),
        '@cacheado/redis': path('../../../packages/redis/src/index.ts'),
      },
    })
    return outfile
  })()
  return program
}

/** A process of its own with a cache of its own. */
export class Child {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  #orders = 0
  /** What it wrote to its standard error. */
  errors = ''

  private constructor(child: ChildProcess) {
    this.#process = child
    child.stderr?.on('data', (text: Buffer) => (this.errors += text.toString()))
    child.on('message', ({ id, result, failure }: Report) => {
      const waiting = this.#waiting.get(id)
      if (failure === undefined) waiting?.resolve(result as never)
      else waiting?.reject(new Error(failure))
    })
  }

  /** Resolves when it is up; it ends with the test at the latest. */
  static async start(url: string, options: { readonly lease?: number } = {}): Promise<Child> {
    const file = await bundle()
    const forked = fork(file, [url, String(options.lease ?? 0)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    onTestFinished(() => void forked.kill('SIGKILL'))
    const child = new Child(forked)
    await child.#report(0)
    await child.tell({ does: 'ready' })
    return child
  }

  tell<T>(order: Told<Order>): Promise<T> {
    const id = ++this.#orders
    this.#process.send({ id, ...order })
    return this.#report(id)
  }

  /** What it says when it has closed its cache. */
  closed<T>(): Promise<T> {
    return this.#report(-1)
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Resolves to how it ended: its exit code, or the signal. */
  async exited(): Promise<number | NodeJS.Signals | null> {
    const { exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode
    const [code, signal] = (await once(this.#process, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? signal
  }

  disconnect(): void {
    this.#process.disconnect()
  }

  #report<T>(id: number): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
  }
}
