import type { Connection } from './connection-keeper.js'

/** One word of a command. */
export type Argument = string | Buffer

/**
 * Sends a command to the node of the key, after those sent before it. Rejects at once where it cannot be sent now. Strings of
 * the reply are buffers, except for status words.
 */
export type Send = (key: string, command: readonly Argument[]) => Promise<unknown>

/** A connection that listens, and does nothing else. */
export interface Subscriber extends Connection {
  /** Resolves when messages come. */
  subscribe(channel: string, listener: (message: Buffer) => void): Promise<unknown>
}

/** What the store reaches Redis by: a client of its own, or a borrowed one. */
export interface Link {
  /** Whether keys are spread over nodes by their slots. */
  readonly isCluster: boolean
  readonly send: Send
  /** A way to each of the nodes that keys are on. */
  masters(): Promise<readonly ((command: readonly Argument[]) => Promise<unknown>)[]>
  /** A new connection to listen on. */
  subscriber(): Subscriber
  /** Resolves when it is connected or the first attempt has failed. */
  connect(): Promise<void>
  distrust(): 'replaced' | 'borrowed'
  close(): void
}
