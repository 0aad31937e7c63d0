import { RespError, type RespValue } from './resp.js'
import { startRedis, type RedisServer } from './redis-server.js'
import { startMigration, type SlotMigration } from './slot-migration.js'
import { until } from './until.js'

const MASTERS = 3
const SLOTS = 16_384

/** Milliseconds after which a node that does not answer counts as failed. Redis: 15,000. */
const NODE_TIMEOUT = 1_000

/** One node as the nodes see it. */
export interface ClusterNode {
  readonly id: string
  readonly port: number
  readonly isMaster: boolean
  readonly hasFailed: boolean
  /** Of its master, for a replica. */
  readonly masterId: string
  readonly slots: readonly (readonly [first: number, last: number])[]
}

/** Three masters and three replicas on loopback. */
export interface RedisCluster {
  readonly rootNodes: readonly { readonly host: string; readonly port: number }[]
  /** The masters of the beginning, then their replicas in the same order. */
  readonly servers: readonly RedisServer[]
  /** The nodes as one that runs sees them. */
  nodes(): Promise<readonly ClusterNode[]>
  /** The server that is master of the slot now. */
  ownerOf(slot: number): Promise<RedisServer>
  /**
   * Makes a replica of the `at`-th master (by its first slot) the master, by `CLUSTER FAILOVER`. Resolves when all nodes agree.
   */
  failover(at?: number): Promise<void>
  /** Kills the `at`-th master (by its first slot). Resolves when it is gone; its replica takes over later: {@link settled}. */
  killMaster(at?: number): Promise<RedisServer>
  /** Begins to move a slot to another master: clients get ASK and TRYAGAIN until it is finished. */
  migrateSlot(slot?: number): Promise<SlotMigration>
  /** Resolves when every node that runs says that the cluster is well, and no slot belongs to one that does not run. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** A Redis Cluster of our own. Resolves when all of its nodes agree and all replicas have caught up. */
export async function startCluster(options: { args?: readonly string[] } = {}): Promise<RedisCluster> {
  const args = [
    ...[
      '--cluster-enabled',
      'yes',
      '--cluster-config-file',
      'nodes.conf',
      '--cluster-node-timeout',
      String(NODE_TIMEOUT),
    ],
    ...['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0', ...(options.args ?? [])],
  ]
  const started = await Promise.allSettled(Array.from({ length: MASTERS * 2 }, () => startRedis({ args })))
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const cluster = new LoopbackCluster(servers)
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason as Error
    await cluster.form()
    return cluster
  } catch (error) {
    await cluster.close()
    throw error
  }
}

class LoopbackCluster implements RedisCluster {
  readonly servers: readonly RedisServer[]

  constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  get rootNodes(): readonly { host: string; port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  async form(): Promise<void> {
    const masters = this.servers.slice(0, MASTERS)
    const [first, ...others] = this.servers
    for (const [at, server] of this.servers.entries()) await server.call('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1))
    for (const [at, server] of masters.entries()) await server.call('CLUSTER', 'ADDSLOTS', ...slotsOf(at))
    for (const other of others) await other.call('CLUSTER', 'MEET', '127.0.0.1', String(first!.port))
    await until('all nodes know each other', () => this.#everywhere((nodes) => nodes.length === this.servers.length))
    const ids = await Promise.all(masters.map(async (master) => String(await master.call('CLUSTER', 'MYID'))))
    for (const [at, id] of ids.entries()) await this.servers[MASTERS + at]!.call('CLUSTER', 'REPLICATE', id)
    await this.settled()
    await until('all nodes know the replicas', () =>
      this.#everywhere((nodes) => nodes.filter(({ isMaster }) => isMaster).length === MASTERS),
    )
    await until('all replicas have caught up', () => all(this.servers.slice(MASTERS), isLinked))
  }

  async nodes(): Promise<readonly ClusterNode[]> {
    return nodesSeenBy(this.#running()[0]!)
  }

  async ownerOf(slot: number): Promise<RedisServer> {
    const owner = (await this.nodes()).find(({ slots }) => slots.some(([first, last]) => first <= slot && slot <= last))
    if (owner === undefined) throw new Error(`nobody serves slot ${slot}`)
    return this.#server(owner)
  }

  async failover(at = 0): Promise<void> {
    const master = await this.#master(at)
    const replica = (await this.nodes()).find(({ masterId, hasFailed }) => masterId === master.id && !hasFailed)
    if (replica === undefined) throw new Error(`master ${at} has no replica`)
    await until('the replica has caught up', () => isLinked(this.#server(replica)))
    await this.#server(replica).call('CLUSTER', 'FAILOVER')
    await until('all nodes know the new master', () =>
      this.#everywhere((nodes) =>
        nodes.some(({ id, isMaster, slots }) => id === replica.id && isMaster && slots.length > 0),
      ),
    )
    await until('the old master follows', () =>
      this.#everywhere((nodes) => nodes.some(({ id, masterId }) => id === master.id && masterId === replica.id)),
    )
    await this.settled()
  }

  async killMaster(at = 0): Promise<RedisServer> {
    const server = this.#server(await this.#master(at))
    await server.kill()
    return server
  }

  async migrateSlot(slot = 0): Promise<SlotMigration> {
    const from = await this.ownerOf(slot)
    const target = (await this.#masters()).find((node) => this.#server(node) !== from)
    if (target === undefined) throw new Error('there is no other master')
    const masters = (await this.#masters()).map((node) => this.#server(node))
    return startMigration({ slot, from, to: this.#server(target), masters })
  }

  async settled(): Promise<void> {
    const running = new Set(this.#running().map(({ port }) => port))
    await until('the cluster is well', async () => {
      if (!(await all(this.#running(), isWell))) return false
      return this.#everywhere((nodes) => nodes.every(({ port, slots }) => slots.length === 0 || running.has(port)))
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
  }

  #running(): readonly RedisServer[] {
    return this.servers.filter(({ isRunning }) => isRunning)
  }

  /** By their first slots, so that a number means the same part of the keys before and after a failover. */
  async #masters(): Promise<readonly ClusterNode[]> {
    const masters = (await this.nodes()).filter(({ isMaster, slots }) => isMaster && slots.length > 0)
    return masters.toSorted((one, other) => one.slots[0]![0] - other.slots[0]![0])
  }

  async #master(at: number): Promise<ClusterNode> {
    const master = (await this.#masters())[at]
    if (master === undefined) throw new Error(`there is no master ${at}`)
    return master
  }

  #server(node: ClusterNode): RedisServer {
    return this.servers.find(({ port }) => port === node.port)!
  }

  #everywhere(holds: (nodes: readonly ClusterNode[]) => boolean): Promise<boolean> {
    return all(this.#running(), async (server) => holds(await nodesSeenBy(server)))
  }
}

function slotsOf(at: number): string[] {
  const first = Math.floor((SLOTS * at) / MASTERS)
  const end = Math.floor((SLOTS * (at + 1)) / MASTERS)
  return Array.from({ length: end - first }, (_, offset) => String(first + offset))
}

async function all(
  servers: readonly RedisServer[],
  holds: (server: RedisServer) => Promise<boolean>,
): Promise<boolean> {
  return (await Promise.all(servers.map(holds))).every(Boolean)
}

async function isWell(server: RedisServer): Promise<boolean> {
  return text(await server.call('CLUSTER', 'INFO')).includes('cluster_state:ok')
}

async function isLinked(server: RedisServer): Promise<boolean> {
  return text(await server.call('INFO', 'replication')).includes('master_link_status:up')
}

async function nodesSeenBy(server: RedisServer): Promise<readonly ClusterNode[]> {
  const lines = text(await server.call('CLUSTER', 'NODES'))
    .trim()
    .split('\n')
  return lines.map(nodeOf)
}

/** `<id> <host:port@bus> <flags> <master> <ping> <pong> <epoch> <link> <slot> …` */
function nodeOf(line: string): ClusterNode {
  const [id = '', address = '', flags = '', masterId = '', , , , , ...ranges] = line.split(' ')
  const slots = ranges.filter((range) => !range.startsWith('[')).map((range) => range.split('-').map(Number))
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    isMaster: flags.includes('master'),
    hasFailed: flags.includes('fail'),
    masterId,
    slots: slots.map(([first = 0, last = first]) => [first, last] as const),
  }
}

function text(value: RespValue): string {
  if (value instanceof RespError) throw new Error(value.message)
  return String(value)
}
