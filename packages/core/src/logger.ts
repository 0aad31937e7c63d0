/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Anything that logs: `console`, pino, or an object of this shape. A logger with a `child` method is taken as pino-like and
 * gets `(fields, message)`; any other gets `(message, fields)`. Ids, keys and values are never logged.
 */
export interface Logger {
  debug(...args: never[]): void
  info(...args: never[]): void
  warn(...args: never[]): void
  error(...args: never[]): void
}

type Severity = keyof Logger

/** Writes to the application's logger, if it gave one. A logger that throws is not the caller's problem. */
export class LogSink {
  readonly #logger: Logger | undefined
  readonly #fieldsFirst: boolean
  readonly #said = new Set<string>()

  constructor(logger: Logger | undefined) {
    this.#logger = logger
    this.#fieldsFirst = typeof (logger as { child?: unknown } | undefined)?.child === 'function'
  }

  /** Whether the application gave a logger. */
  get enabled(): boolean {
    return this.#logger !== undefined
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#write('warn', message, fields)
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#write('debug', message, fields)
  }

  /** Says it the first time only. What it is about comes from a fixed set or from code, never from a request. */
  once(about: string, message: string, fields: LogFields = {}): void {
    if (this.#said.has(about)) return
    this.#said.add(about)
    this.warn(message, fields)
  }

  #write(severity: Severity, message: string, fields: LogFields): void {
    const logger = this.#logger as Record<Severity, (...args: unknown[]) => void> | undefined
    try {
      if (this.#fieldsFirst) logger?.[severity]({ ...fields }, `cacheado: ${message}`)
      else logger?.[severity](`cacheado: ${message}`, fields)
    } catch {
      // Losing a log line is better than failing a request over it.
    }
  }
}
