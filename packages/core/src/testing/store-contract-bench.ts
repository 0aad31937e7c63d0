import type { Store, StoreItem } from '../store/store.js'

/** A check as its file writes it. */
export interface BenchCheck {
  readonly id: string
  readonly name: string
  readonly run: (bench: Bench) => Promise<void>
}

const LONG = 600_000

/** What one check works with: stores on one engine, keys of its own, and patience with an end. */
export class Bench {
  readonly #openStore: () => Promise<Store> | Store
  readonly #prefix: string
  readonly #deadline: number
  readonly #opened: Store[] = []

  constructor(open: () => Promise<Store> | Store, prefix: string, deadline: number) {
    this.#openStore = open
    this.#prefix = prefix
    this.#deadline = deadline
  }

  /** Another store on the engine, as another process would have. */
  async open(): Promise<Store> {
    const store = await this.#openStore()
    this.#opened.push(store)
    return store
  }

  openMany(count: number): Promise<Store[]> {
    return Promise.all(Array.from({ length: count }, () => this.open()))
  }

  key(name: string): string {
    return this.#prefix + name
  }

  item(name: string, value: string | Uint8Array, ttl: number = LONG): StoreItem {
    return { key: this.key(name), value: typeof value === 'string' ? bytes(value) : value, ttl }
  }

  /** The one value, or `undefined`. */
  async read(store: Store, name: string): Promise<Uint8Array | undefined> {
    const values = await store.getMany([this.key(name)])
    demand(values.length === 1, `getMany of one key gave ${values.length} values`)
    return values[0]
  }

  async expectValue(store: Store, name: string, value: string | Uint8Array, when: string): Promise<void> {
    const found = await this.read(store, name)
    demand(isSame(found, typeof value === 'string' ? bytes(value) : value), `${when}: ${described(found)} was read`)
  }

  async expectNothing(store: Store, name: string, when: string): Promise<void> {
    const found = await this.read(store, name)
    demand(found === undefined, `${when}: ${described(found)} was read`)
  }

  /** Asks again until it holds. */
  async until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    const end = performance.now() + this.#deadline
    while (!(await holds())) {
      demand(performance.now() < end, `${what}: not within ${this.#deadline} ms`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Ends what the check opened; a store that a check has closed may say so. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.map((store) => store.close()))
  }
}

/** @throws Error that says `otherwise` */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

/** Rejects where the promise does not. */
export async function demandRejection(promise: Promise<unknown>, otherwise: string): Promise<void> {
  const rejected = await promise.then(
    () => false,
    () => true,
  )
  demand(rejected, otherwise)
}

/** UTF-8, with a beginning of 16 bytes at least: as a write id is. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text.padEnd(16, '.'))
}

export function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}

function described(value: Uint8Array | undefined): string {
  return value === undefined ? 'nothing' : `another value, of ${value.length} bytes,`
}
