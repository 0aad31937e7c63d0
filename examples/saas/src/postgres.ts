import { Worker } from 'node:worker_threads'

/** One query that the database really ran. */
export interface LoggedQuery {
  /** What the query is for, as its caller named it. */
  name: string
  /** Time inside PostgreSQL, without the way to its thread and back. */
  milliseconds: number
}

type Reply = { id: number; rows: unknown[]; milliseconds: number; error?: never } | { id: number; error: string }

interface Waiting {
  name: string
  resolve(rows: unknown[]): void
  reject(error: Error): void
}

/**
 * An embedded PostgreSQL on its own thread, empty at first and gone when the process ends.
 * `log` grows by one entry per finished query: it is how the demo and the tests know what a cache saved.
 */
export class Postgres {
  readonly log: LoggedQuery[] = []
  readonly #worker = new Worker(new URL('../postgres-worker.mjs', import.meta.url))
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: Error | undefined

  constructor() {
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('PostgreSQL is closed')))
  }

  /** Runs one statement. Rejects with PostgreSQL's message when it refuses the statement. */
  async query<Row>(name: string, sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.#send(name, sql, parameters)) as Row[]
  }

  /** Runs several statements without parameters: schema and seed. */
  async execute(name: string, sql: string): Promise<void> {
    await this.#send(name, sql)
  }

  /** Ends the thread; queries still running reject. */
  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #send(name: string, sql: string, parameters?: unknown[]): Promise<unknown[]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { name, resolve, reject })
      this.#worker.postMessage({ id, sql, parameters })
    })
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (!waiting) return
    this.#waiting.delete(reply.id)
    if (reply.error !== undefined) return waiting.reject(new Error(reply.error))
    this.log.push({ name: waiting.name, milliseconds: reply.milliseconds })
    waiting.resolve(reply.rows)
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
