import { createClient } from '@redis/client'
import { ClusterConnection } from './cluster-connection.js'
import { optionsFor } from './client-options.js'
import { ConnectionKeeper } from './connection-keeper.js'
import { notConnected } from './errors.js'
import type { Link, Send, Subscriber } from './link.js'
import { NodeRedisConnection } from './node-redis-connection.js'
import type { OwnClientOptions } from './redis-options.js'
import type { Address } from './sentinel.js'

/** Longest time without any answer of one master, in milliseconds, before the nodes are asked who is master now. */
const SILENCE_LIMIT = 1_000

/** A cluster client of the store's own. */
export class OwnClusterLink implements Link {
  readonly isCluster = true
  readonly #options: OwnClientOptions
  readonly #roots: readonly Address[]
  readonly #keeper: ConnectionKeeper<ClusterConnection>
  /** Nodes that were masters when the cluster last said so: the first ones may all have been replaced since. */
  #found: readonly Address[] = []
  #turn = 0

  constructor(options: OwnClientOptions, nodes: readonly string[]) {
    this.#options = options
    this.#roots = nodes.map(addressOf)
    this.#keeper = new ConnectionKeeper({
      create: () => new ClusterConnection(this.#optionsFor, this.#nodes()),
      checkLimit: SILENCE_LIMIT,
      isPartial: true,
      onUp: (connection) => (this.#found = connection.masters),
    })
  }

  readonly send: Send = (key, command) => {
    const connection = this.#keeper.current
    if (connection !== undefined) return connection.send(key, command)
    void this.#keeper.start()
    return Promise.reject(notConnected())
  }

  masters(): ReturnType<Link['masters']> {
    return this.#keeper.current?.sendersOfMasters() ?? Promise.reject(notConnected())
  }

  /** To any node, since each hears what is published on another; to the next one each time, since the last one was lost. */
  subscriber(): Subscriber {
    const nodes = this.#nodes()
    const { host, port } = nodes[this.#turn++ % nodes.length] as Address
    return new NodeRedisConnection({
      create: () => createClient(this.#optionsFor(host, port)),
    })
  }

  connect(): Promise<void> {
    return this.#keeper.start()
  }

  distrust(): 'replaced' {
    this.#keeper.replace()
    return 'replaced'
  }

  close(): void {
    this.#keeper.close()
  }

  readonly #optionsFor = (host: string, port: number) =>
    optionsFor(this.#options, host, port, this.#options.cluster?.nodes[0])

  #nodes(): readonly Address[] {
    const known = [...this.#found, ...this.#roots]
    return known.filter((one, at) => known.findIndex((other) => isSame(one, other)) === at)
  }
}

function isSame(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 6379 : Number(port) }
}
