import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { until } from './until.js'

/** How an engine is started, and how one knows that it serves. */
export interface EngineCommand {
  readonly binary: string
  readonly port?: number | undefined
  readonly args: (port: number, folder: string) => readonly string[]
  /** Throws, or resolves to `false`, as long as it does not answer. */
  readonly answers: (port: number) => Promise<boolean>
}

/** Another process took the free port first: then the next one is tried. */
const ATTEMPTS = 5

/**
 * Ends the engine and its folder when this process is gone, however it went: then the pipe it reads from is closed. A line
 * on it says that the engine has ended, and that its pid may be somebody else's.
 */
const GUARD = `trap '' INT TERM HUP; read -r ended || kill -9 "$1" 2>/dev/null; [ -n "$ended" ] || rm -rf "$2"`

/** A real server in a process of its own, with a folder of its own; it never outlives this process. */
export class EngineProcess {
  readonly #command: EngineCommand
  readonly #folder = mkdtempSync(join(tmpdir(), 'cacheado-engine-'))
  #port = 0
  #child: ChildProcess | undefined
  #guard: ChildProcess | undefined
  #output = ''

  private constructor(command: EngineCommand) {
    this.#command = command
  }

  /** Resolves when it answers. @throws Error with the end of its output where it does not start */
  static async start(command: EngineCommand): Promise<EngineProcess> {
    const engine = new EngineProcess(command)
    try {
      for (let attempt = 1; ; attempt++) {
        engine.#port = command.port ?? (await freePort())
        try {
          await engine.#spawn()
          return engine
        } catch (error) {
          await engine.kill()
          if (attempt === ATTEMPTS || command.port !== undefined) throw error
        }
      }
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  get port(): number {
    return this.#port
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Of the process that runs now. @throws Error where none does */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the engine does not run')
    return this.#child.pid
  }

  /** Freezes it (SIGSTOP): connections stay, nothing is answered. Resolves when it stands still. */
  async stop(): Promise<void> {
    const { pid } = this
    process.kill(pid, 'SIGSTOP')
    await until('the engine stands still', () => stateOf(pid) !== 'running')
  }

  /** Lets it go on after {@link stop} (SIGCONT). */
  async continue(): Promise<void> {
    const { pid } = this
    process.kill(pid, 'SIGCONT')
    await until('the engine goes on', () => stateOf(pid) !== 'stopped')
  }

  /** Ends it at once (SIGKILL), frozen or not. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    await new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.ref()
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
    this.#gone(child)
  }

  /** Starts it again where it was, with the same folder; kills it first where it runs. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill()
    await this.#spawn()
  }

  /** Ends it for good and removes its folder. */
  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #spawn(): Promise<void> {
    const { binary, args, answers } = this.#command
    const child = spawn(binary, args(this.#port, this.#folder), {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#folder,
    })
    this.#child = child
    this.#output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (this.#output = (this.#output + text.toString()).slice(-4096)))
      ;(stream as unknown as { unref(): void }).unref()
    }
    child.once('error', (error) => (this.#output += error.message))
    child.once('close', () => this.#gone(child))
    child.unref()
    if (child.pid !== undefined) this.#guard = guard(child.pid, this.#folder)
    await until(`${binary} answers`, async () => this.#child !== child || (await answers(this.#port)))
    if (this.#child !== child) throw new Error(`${binary} ended:\n${this.#output}`)
  }

  #gone(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = undefined
    this.#guard?.stdin?.end('ended\n')
    this.#guard = undefined
  }
}

function guard(pid: number, folder: string): ChildProcess {
  const child = spawn('sh', ['-c', GUARD, 'guard', String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  return child
}

/** `unknown` where the platform has no `/proc`. */
function stateOf(pid: number): 'running' | 'stopped' | 'unknown' {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return 'unknown'
  const text = readFileSync(file, 'utf8')
  return text.charAt(text.lastIndexOf(')') + 2) === 'T' ? 'stopped' : 'running'
}
