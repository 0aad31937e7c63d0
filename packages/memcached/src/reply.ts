import type { Found } from './commands.js'
import type { ReplyReader } from './reply-reader.js'
import { storeError, tooLarge } from './errors.js'

/** Larger than any value that a Memcached can be told to take. */
const LONGEST_VALUE = 2 ** 30
const VALUE = /^VALUE (\S+) \d+ (\d{1,10})(?: (\d+))?$/
/** The server understood neither the command nor where it ends, so that nothing after it is sure. */
const MISUNDERSTOOD = /^(ERROR|CLIENT_ERROR)\b/

/** How one command takes its reply from the connection. */
export interface Reply<T> {
  /**
   * Reads on; the result when it is complete, `undefined` until more came. An `Error` as a result is the server's refusal of this
   * one command. @throws CacheError where the reply is not this command's: nothing that the connection delivers can be trusted
   */
  read(reader: ReplyReader): { readonly result: T | Error } | undefined
}

/** One line out of those that the command can be answered with. */
export class LineReply implements Reply<string> {
  readonly #expected: readonly string[]

  constructor(...expected: string[]) {
    this.#expected = expected
  }

  read(reader: ReplyReader): { readonly result: string | Error } | undefined {
    const line = reader.line()
    if (line === undefined) return undefined
    if (this.#expected.includes(line)) return { result: line }
    return { result: refusal(line) }
  }
}

/** Values of the keys asked for, and no others, up to `END`. */
export class ValuesReply implements Reply<ReadonlyMap<string, Found>> {
  readonly #asked: ReadonlySet<string>
  readonly #found = new Map<string, Found>()
  #next: { readonly key: string; readonly length: number; readonly unique: string | undefined } | undefined

  constructor(asked: readonly string[]) {
    this.#asked = new Set(asked)
  }

  read(reader: ReplyReader): { readonly result: ReadonlyMap<string, Found> | Error } | undefined {
    for (;;) {
      if (this.#next) {
        const { key, length, unique } = this.#next
        const value = reader.block(length)
        if (value === undefined) return undefined
        this.#found.set(key, unique === undefined ? { value } : { value, unique })
        this.#next = undefined
      }
      const line = reader.line()
      if (line === undefined) return undefined
      if (line === 'END') return { result: this.#found }
      const value = VALUE.exec(line)
      if (!value) return { result: refusal(line) }
      this.#next = { key: this.#own(value[1] as string), length: lengthOf(value[2] as string), unique: value[3] }
    }
  }

  /** A value under a key that was not asked for, or that came already, is the reply to something else. */
  #own(key: string): string {
    if (!this.#asked.has(key) || this.#found.has(key)) throw storeError('a value that was not asked for')
    return key
  }
}

function lengthOf(text: string): number {
  const length = Number(text)
  if (length > LONGEST_VALUE) throw storeError('a value of an impossible length')
  return length
}

/** @throws CacheError where the line is no refusal either */
function refusal(line: string): Error {
  if (MISUNDERSTOOD.test(line)) throw storeError('the server did not understand a command')
  if (!line.startsWith('SERVER_ERROR')) throw storeError('a reply to another command')
  if (line.includes('too large')) return tooLarge()
  return storeError('the server could not do it')
}
