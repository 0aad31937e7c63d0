/**
 * What is needed of a Keyv storage adapter, of Keyv 5 or 6, or a `Map`: the least that all of them offer. Its values are text here.
 */
export interface KeyvAdapter {
  get(key: string): unknown
  /** `time` is a ttl in milliseconds for adapters of Keyv 5, the moment it expires where `capabilities.expires` says so (Keyv 6). */
  set(key: string, value: string, time?: number): unknown
  delete(key: string): unknown
  getMany?(keys: string[]): unknown
  readonly capabilities?: { readonly expires?: boolean | undefined } | undefined
  /** `false` where the adapter keeps failures to itself. */
  readonly throwOnErrors?: boolean | undefined
  on?(event: 'error', listener: (error: unknown) => void): unknown
}

/** What is needed of a `Keyv`: its adapter. */
export interface KeyvInstance {
  readonly store: unknown
  /** Keyv 6. */
  readonly encryption?: unknown
}
