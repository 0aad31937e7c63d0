import { notConnected } from './errors.js'
import { keySlot } from './key-slot.js'
import type { Argument, Link, Send } from './link.js'
import { REPLY_OPTIONS, type NodeRedisClient, type NodeRedisCluster, type NodeRedisNode } from './node-redis.js'

/** A way to send commands by way of a node-redis cluster: at once, or not at all. */
export function sendTo(cluster: NodeRedisCluster): Send {
  return (key, command) => {
    const node = cluster.slots[keySlot(key)]?.master
    // A node that never was connected is so by its first command.
    const client = node?.client as Partial<NodeRedisClient> | undefined
    if (node === undefined || client?.isReady === false) return Promise.reject(notConnected())
    return cluster.sendCommand(key, false, command as Argument[], REPLY_OPTIONS)
  }
}

/** A way to each of its masters. */
export async function mastersOf(cluster: NodeRedisCluster): ReturnType<Link['masters']> {
  const clients = await Promise.all(cluster.masters.map((node) => clientOf(cluster, node)))
  return clients.map((client) => (command) => client.sendCommand(command as Argument[], REPLY_OPTIONS))
}

/** The client of a node, connected. */
export async function clientOf(cluster: NodeRedisCluster, node: NodeRedisNode): Promise<NodeRedisClient> {
  return (await cluster.nodeClient(node as never)) as NodeRedisClient
}
