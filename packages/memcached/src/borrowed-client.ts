import type { Commands, Entry, Found } from './commands.js'
import { storeError, tooLarge } from './errors.js'

/**
 * What is needed of a client that the application already has: a `MemcacheClient` of `memcache-client`, or anything with the same
 * methods. `value` is handed over as a `Buffer`; what comes back should be one.
 */
export interface MemcachedClient {
  get(keys: string[]): Promise<unknown>
  gets(keys: string[]): Promise<unknown>
  set(key: string, value: Buffer, options: { lifetime: number }): Promise<unknown>
  add(key: string, value: Buffer, options: { lifetime: number }): Promise<unknown>
  cas(key: string, value: Buffer, options: { lifetime: number; casUniq: string }): Promise<unknown>
  delete(key: string): Promise<unknown>
}

/** The answers that are no failure, though the client rejects with them. */
const ANSWERS = ['NOT_STORED', 'EXISTS', 'NOT_FOUND']

/** {@link Commands} over a client of the application: nothing of it is changed, and it is not closed. */
export class BorrowedClient implements Commands {
  readonly #client: MemcachedClient

  constructor(client: MemcachedClient) {
    this.#client = client
  }

  async get(keys: readonly string[], withUnique: boolean): Promise<ReadonlyMap<string, Found>> {
    const own = new Set(keys)
    const asked = [...own]
    const answer = await this.#ask(() => (withUnique ? this.#client.gets(asked) : this.#client.get(asked)))
    if (typeof answer !== 'object' || answer === null) throw storeError('the client gave no values')
    const found = new Map<string, Found>()
    for (const [key, entry] of Object.entries(answer)) {
      if (!own.has(key)) throw storeError('the client gave a value that was not asked for')
      if (entry !== undefined && entry !== null) found.set(key, foundOf(entry as object))
    }
    return found
  }

  async set({ key, value, expiry }: Entry): Promise<void> {
    await this.#did(() => this.#client.set(key, bufferOf(value), { lifetime: expiry }), 'STORED')
  }

  add({ key, value, expiry }: Entry): Promise<boolean> {
    return this.#did(() => this.#client.add(key, bufferOf(value), { lifetime: expiry }), 'STORED', 'NOT_STORED')
  }

  cas({ key, value, expiry }: Entry, unique: string): Promise<boolean> {
    const options = { lifetime: expiry, casUniq: unique }
    return this.#did(() => this.#client.cas(key, bufferOf(value), options), 'STORED', 'EXISTS', 'NOT_FOUND')
  }

  delete(key: string): Promise<boolean> {
    return this.#did(() => this.#client.delete(key), 'DELETED', 'NOT_FOUND')
  }

  /** Whether the answer was `done`; rejects where it is neither that nor one of `others`. */
  async #did(send: () => Promise<unknown>, done: string, ...others: string[]): Promise<boolean> {
    const answer = await this.#ask(send)
    const word: unknown = Array.isArray(answer) ? answer[0] : answer
    if (word !== done && !others.includes(word as string))
      throw storeError('the client gave the answer to something else')
    return word === done
  }

  /** What the client answered, whether it resolves with it or rejects. */
  async #ask(send: () => Promise<unknown>): Promise<unknown> {
    try {
      return await send()
    } catch (error) {
      const message = error instanceof Error ? error.message : ''
      if (ANSWERS.includes(message)) return message
      throw message.includes('too large') ? tooLarge() : storeError('the client failed', error)
    }
  }
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function foundOf(entry: { value?: unknown; casUniq?: unknown }): Found {
  const { value, casUniq } = entry
  const bytes = bytesOf(value)
  return typeof casUniq === 'string' || typeof casUniq === 'number'
    ? { value: bytes, unique: `${casUniq}` }
    : { value: bytes }
}

/**
 * What another writer left under our key comes as text, a number or an object: something is there, and core finds out that it is
 * none of ours. The same entry always gives the same bytes, so that `replace` can tell whether it is unchanged.
 */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return new TextEncoder().encode(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}
