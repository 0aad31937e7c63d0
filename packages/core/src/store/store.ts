/** One thing to write. */
export interface StoreItem {
  readonly key: string
  readonly value: Uint8Array
  /** Milliseconds after which the store forgets it; a whole number from 1 on. */
  readonly ttl: number
}

/**
 * A dumb byte store: what a second tier is built on. It knows nothing about scopes, stamps, envelopes or freshness: all of
 * that is in core, once, so that a store cannot get tenancy wrong.
 *
 * **Keys** are printable ASCII without white space, up to some 2,000 characters; a store that takes less makes a digest of the
 * long ones. One pair of braces at the most stands in a key: the part that keys which belong together have in common, for
 * stores that spread keys over nodes.
 *
 * **Failure**: every operation rejects, with whatever the client throws, where it cannot be sure that it was done; it never
 * answers "nothing there" instead. Core puts a deadline and a circuit breaker around each call and ignores what comes later,
 * so a store neither retries nor queues what it cannot send now.
 *
 * **Concurrency**: operations run at the same time. {@link Store.create} and {@link Store.replace} decide atomically among all
 * processes.
 *
 * The suite of sentences that every store has to satisfy is `storeContract` of `@cacheado/core/testing`.
 */
export interface Store {
  /** What it is called in logs and statistics: `'redis'`. */
  readonly name: string
  /**
   * The values of the keys, in their order; `undefined` where there is none. One round trip. Bytes are handed over: the store
   * keeps no view of them.
   */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  /**
   * Writes the items in their order and then, where the store has a bus, sends `message` to its listeners in all processes.
   * One round trip; resolves when the store has acknowledged all of it.
   */
  set(items: readonly StoreItem[], message?: Uint8Array): Promise<void>
  /** Writes the item where nothing is there under its key. Resolves to what is there afterwards: the item's value, or another. */
  create(item: StoreItem): Promise<Uint8Array>
  /**
   * Writes the item where the value under its key still begins with `seen`, or is still missing where `seen` is `undefined`.
   * Whether it did. Every value begins with a random write id of 16 bytes, so its beginning tells whether it is the same.
   */
  replace(item: StoreItem, seen: Uint8Array | undefined): Promise<boolean>
  /** Removes the keys; those that are missing are no failure. Resolves to how many were there. */
  delete(keys: readonly string[]): Promise<number>
  /**
   * All keys that begin with `prefix`, in slices, for `purge()` only: never on the way of a read or an invalidation. A key may
   * come twice. Missing where the store cannot list keys.
   */
  keys?(prefix: string): AsyncIterable<readonly string[]>
  /** How other processes hear of what one of them changed. Missing where the store has no such means. */
  readonly bus?: Bus
  /** Begins to connect, for a store that would otherwise do so with its first operation. Never rejects. */
  connect?(): Promise<void>
  /**
   * A value came that belongs to another key: whatever this connection still delivers may be somebody else's. A store with a
   * client of its own replaces its connections; one with a borrowed client gives `'borrowed'`, and core stops using it for a while.
   */
  distrust?(): 'replaced' | 'borrowed'
  /** Ends connections that are its own. Operations under way may fail. */
  close(): Promise<void>
}

/** The messages of a store. They carry no promise of arrival: core compares stamps wherever one may have been missed. */
export interface Bus {
  /**
   * Begins to listen, and goes on trying until {@link Store.close}: after a lost connection too. Never throws. Messages come
   * in the order in which the engine took them from any one process.
   */
  listen(listener: BusListener): void
  /** Sends a message to the listeners in all processes. */
  publish(message: Uint8Array): Promise<void>
}

/** Who listens to a {@link Bus}. Methods never throw. */
export interface BusListener {
  /** A message came, from this process too. */
  message(message: Uint8Array): void
  /** From now on every message comes, as far as one can tell. After each {@link down}, and at the beginning. */
  up(): void
  /**
   * Messages may be missed from now on, or may have been since a short while: the connection is lost, or does not answer. A store
   * finds out within two seconds, with a heartbeat of its own where the connection itself says nothing.
   */
  down(): void
}
