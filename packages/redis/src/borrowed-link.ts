import { configError } from '@cacheado/core/store'
import { notConnected } from './errors.js'
import * as ioredis from './ioredis.js'
import { LentSubscriber } from './lent-subscriber.js'
import type { Argument, Link, Send, Subscriber } from './link.js'
import { clientOf, mastersOf, sendTo } from './node-redis-cluster.js'
import { NodeRedisConnection } from './node-redis-connection.js'
import { oneTimeOptions, REPLY_OPTIONS, type NodeRedisClient, type NodeRedisCluster } from './node-redis.js'
import type { BorrowedClient, BorrowedClientOptions } from './redis-options.js'

type Way = Pick<Link, 'isCluster' | 'send' | 'masters' | 'subscriber' | 'connect'>

/** A client of the application's: used for commands, and left as it is. */
export function borrowedLink({ client, subscriber }: BorrowedClientOptions): Link {
  const way = wayTo(client)
  if (hasKeyPrefix(client)) throw configError('client', 'a client without a keyPrefix of its own')
  if (subscriber !== undefined && !isSingle(subscriber)) {
    throw configError('subscriber', 'a client of node-redis or ioredis, not a cluster')
  }
  let isClosed = false
  const lent = subscriber && new LentSubscriber(subscriber)
  return {
    ...way,
    send: (key, command) => (isClosed ? Promise.reject(notConnected()) : way.send(key, command)),
    masters: () => (isClosed ? Promise.reject(notConnected()) : way.masters()),
    ...(lent === undefined ? {} : { subscriber: () => lent }),
    distrust: () => 'borrowed',
    close() {
      isClosed = true
      lent?.close()
    },
  }
}

/** By its shape, since a class of another copy of a library is not the same class. */
function wayTo(client: BorrowedClient): Way {
  if (isIoredis(client)) return ioredisWay(client)
  if (isNodeRedisCluster(client)) return nodeRedisClusterWay(client)
  if (isNodeRedis(client)) return nodeRedisWay(client)
  throw configError('client', 'a client or cluster of node-redis (4, 5, 6) or ioredis (5, 6)')
}

function ioredisWay(client: ioredis.IoredisClient | ioredis.IoredisCluster): Way {
  return {
    isCluster: 'nodes' in client,
    send: ioredis.sendTo(client),
    masters: () => ioredis.mastersOf(client),
    subscriber: () => ioredis.duplicateOf(client),
    connect: async () => void (await ioredis.connectLazy(client)),
  }
}

function nodeRedisWay(client: NodeRedisClient): Way {
  const send: Send = (_key, command) =>
    client.isReady ? client.sendCommand(command as Argument[], REPLY_OPTIONS) : Promise.reject(notConnected())
  return {
    isCluster: false,
    send,
    masters: async () => [(command) => send('', command)],
    subscriber: () => duplicateOf(() => client),
    connect: () => Promise.resolve(),
  }
}

function nodeRedisClusterWay(cluster: NodeRedisCluster): Way {
  return {
    isCluster: true,
    send: sendTo(cluster),
    masters: () => mastersOf(cluster),
    subscriber: () => duplicateOf(() => anyNodeOf(cluster)),
    connect: () => Promise.resolve(),
  }
}

function anyNodeOf(cluster: NodeRedisCluster): Promise<NodeRedisClient> {
  const { masters } = cluster
  const ready = masters.filter(({ client }) => (client as Partial<NodeRedisClient> | undefined)?.isReady !== false)
  const node = ready[Math.floor(Math.random() * ready.length)]
  return node === undefined ? Promise.reject(notConnected()) : clientOf(cluster, node)
}

function duplicateOf(original: () => NodeRedisClient | Promise<NodeRedisClient>): Subscriber {
  return new NodeRedisConnection({
    async create() {
      const client = await original()
      return client.duplicate(oneTimeOptions(client.options)) as NodeRedisClient
    },
  })
}

function has(client: object, ...methods: string[]): boolean {
  return methods.every((method) => typeof (client as Record<string, unknown>)[method] === 'function')
}

function isObject(client: unknown): client is object {
  return typeof client === 'object' && client !== null
}

function isIoredis(client: unknown): client is ioredis.IoredisClient | ioredis.IoredisCluster {
  return isObject(client) && 'status' in client && has(client, 'getBuffer', 'duplicate')
}

function isNodeRedis(client: unknown): client is NodeRedisClient {
  // A sentinel client looks like one, and has commands of another form.
  const isClient = isObject(client) && 'isReady' in client && has(client, 'sendCommand', 'duplicate', 'subscribe')
  return isClient && !has(client, 'getSentinelNode')
}

function isNodeRedisCluster(client: unknown): client is NodeRedisCluster {
  return isObject(client) && 'masters' in client && has(client, 'sendCommand', 'nodeClient')
}

function isSingle(client: unknown): boolean {
  return (isIoredis(client) && !('nodes' in client)) || (isNodeRedis(client) && !isNodeRedisCluster(client))
}

/** ioredis and node-redis 6 can put a prefix of their own before keys, and leave it out where they list them. */
function hasKeyPrefix(client: BorrowedClient): boolean {
  const { options, _options } = client as unknown as Record<'options' | '_options', Record<string, unknown> | undefined>
  const redisOptions = options?.['redisOptions'] as { keyPrefix?: unknown } | undefined
  return [options?.['keyPrefix'], _options?.['keyPrefix'], redisOptions?.keyPrefix].some(Boolean)
}
