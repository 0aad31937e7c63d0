import type { Argument } from './link.js'

/** What this package uses of a node-redis client (versions 4, 5 and 6: `createClient()` of `redis` or `@redis/client`). */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly options?: object | undefined
  sendCommand(args: Argument[], options?: object): Promise<unknown>
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: Buffer) => void, bufferMode: true): Promise<unknown>
  unsubscribe(channel: string, listener: (message: Buffer) => void, bufferMode: true): Promise<unknown>
  duplicate(overrides?: object): unknown
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** A node of a {@link NodeRedisCluster}. */
export interface NodeRedisNode {
  readonly client?: unknown
}

/** What this package uses of a node-redis cluster (`createCluster()`, versions 4, 5 and 6). */
export interface NodeRedisCluster {
  readonly slots: readonly ({ readonly master: NodeRedisNode } | undefined)[]
  readonly masters: readonly NodeRedisNode[]
  sendCommand(key: string | undefined, isReadonly: boolean, args: Argument[], options?: object): Promise<unknown>
  nodeClient(node: never): unknown
}

/**
 * For each command: strings as buffers (versions 5 and 6, then 4), and no timer of the client's, which costs version 6 two
 * thirds of its speed: core has a deadline around every call.
 */
export const REPLY_OPTIONS = { typeMapping: { 36: Buffer }, returnBuffers: true, timeout: 0 }

/** Longest time, in milliseconds, for a socket to connect. */
export const CONNECT_LIMIT = 1_000

/** For a client whose connection is never opened twice, and that keeps no command it cannot send. */
export function oneTimeOptions(options: { socket?: object | undefined } = {}) {
  return {
    disableOfflineQueue: true,
    maintNotifications: 'disabled' as const,
    socket: { ...options.socket, connectTimeout: CONNECT_LIMIT, reconnectStrategy: false as const },
  }
}

/** Ends a client's connection at once; a client that has none says so by an error that means nothing here. */
export function endClient(client: object): void {
  const { destroy, disconnect } = client as { destroy?: () => unknown; disconnect?: () => unknown }
  try {
    const ending = (destroy ?? disconnect)?.call(client)
    if (ending instanceof Promise) ending.catch(() => {})
  } catch {
    // It was not open.
  }
}
