import { createClient, createCluster, type RedisClientOptions } from '@redis/client'
import type { Connection } from './connection-keeper.js'
import { later, within } from './deadline.js'
import { notConnected } from './errors.js'
import type { Link, Send } from './link.js'
import { clientOf, mastersOf, sendTo } from './node-redis-cluster.js'
import { NodeRedisConnection } from './node-redis-connection.js'
import { CONNECT_LIMIT, endClient, type NodeRedisClient, type NodeRedisCluster } from './node-redis.js'
import type { Address } from './sentinel.js'

/** How long, in milliseconds, masters that do not answer hold up those that do. */
const MASTERS_LIMIT = 400

/**
 * The connections to all masters of a cluster, as one. It serves while some of them are gone; its check then fails, and another
 * one takes its place, which asks the cluster anew who is master.
 */
export class ClusterConnection implements Connection {
  onLost = () => {}
  readonly #optionsFor: (host: string, port: number) => RedisClientOptions
  readonly #nodes: readonly Address[]
  #cluster: NodeRedisCluster | undefined
  #send: Send = missing
  #isEnded = false

  constructor(optionsFor: (host: string, port: number) => RedisClientOptions, nodes: readonly Address[]) {
    this.#optionsFor = optionsFor
    this.#nodes = nodes
  }

  /** Where the masters are. */
  get masters(): readonly Address[] {
    return (this.#cluster?.masters ?? []) as unknown as readonly Address[]
  }

  send(...call: Parameters<Send>): ReturnType<Send> {
    return this.#send(...call)
  }

  sendersOfMasters(): ReturnType<Link['masters']> {
    return this.#cluster === undefined ? missing() : mastersOf(this.#cluster)
  }

  async open(): Promise<void> {
    const { host, port } = await this.#answering()
    const cluster = createCluster({
      rootNodes: [this.#optionsFor(host, port)],
      defaults: this.#optionsFor(host, port),
      minimizeConnections: true,
      RESP: 2,
    })
    cluster.on('error', () => {})
    await cluster.connect()
    this.#cluster = cluster
    if (this.#isEnded) return this.destroy()
    const connecting = this.#cluster.masters.map((node) => clientOf(this.#cluster!, node))
    await within(MASTERS_LIMIT, Promise.allSettled(connecting)).catch(() => {})
    this.#send = sendTo(this.#cluster)
  }

  async check(): Promise<unknown> {
    const clients = (this.#cluster?.masters ?? []).map(({ client }) => client as NodeRedisClient | undefined)
    return Promise.all(clients.map((client) => (client?.isReady ? client.sendCommand(['PING']) : missing())))
  }

  destroy(): void {
    this.#isEnded = true
    const cluster = this.#cluster
    if (cluster === undefined) return
    // One by one: the cluster's own way stops at the first client that is closed already.
    for (const { client } of cluster.masters) endNode(client as NodeRedisClient | undefined)
    endClient(cluster)
  }

  /** The first node that answers: to one that hangs, the cluster client would keep a connection that nobody can end. */
  async #answering(): Promise<Address> {
    const probes = this.#nodes.map(({ host, port }) => ({
      address: { host, port },
      connection: new NodeRedisConnection({
        create: () => createClient(this.#optionsFor(host, port)),
      }),
    }))
    const answers = probes.map(({ address, connection }) => connection.open().then(() => address))
    try {
      return await Promise.any(answers)
    } finally {
      for (const { connection } of probes) connection.destroy()
    }
  }
}

function missing(): Promise<never> {
  return Promise.reject(notConnected())
}

/**
 * A client that is ended while its socket connects forgets the socket, which then stays: one that is not ready is ended when it
 * has its socket, or has had the time to get one.
 */
function endNode(client: NodeRedisClient | undefined): void {
  if (client === undefined) return
  if (client.isReady) return endClient(client)
  client.on('connect', () => endClient(client))
  later(CONNECT_LIMIT, () => endClient(client))
}
