/** A value, and what `cas` compares: present where it was asked for. */
export interface Found {
  readonly value: Uint8Array
  readonly unique?: string
}

/** What is written, under its key on the server. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** As Memcached takes it. */
  readonly expiry: number
}

/**
 * The commands of one Memcached, whoever sends them: a connection of our own or a borrowed client. Keys are the server's.
 * Commands that are called one after another reach the server in that order. All of them reject where it is not sure what was done.
 */
export interface Commands {
  /** What is there of the keys, in one round trip; `unique` comes `withUnique` only. */
  get(keys: readonly string[], withUnique: boolean): Promise<ReadonlyMap<string, Found>>
  set(entry: Entry): Promise<void>
  /** Whether nothing was there. */
  add(entry: Entry): Promise<boolean>
  /** Whether it was still the same. */
  cas(entry: Entry, unique: string): Promise<boolean>
  /** Whether it was there. */
  delete(key: string): Promise<boolean>
}
