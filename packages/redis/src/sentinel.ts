import { createClient } from '@redis/client'
import { within } from './deadline.js'
import { notConnected } from './errors.js'
import { NodeRedisConnection } from './node-redis-connection.js'
import { oneTimeOptions } from './node-redis.js'
import type { SentinelOptions } from './redis-options.js'

/** How long a sentinel may take, in milliseconds; the connection to the master has to fit into the rest of a second. */
const SENTINEL_LIMIT = 400

/** Where a server listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Where most of the sentinels that answer say the master is: one that is cut off from the others may be behind. */
export async function masterAddress({ name, nodes }: SentinelOptions): Promise<Address> {
  const answers = await Promise.allSettled(nodes.map((url) => ask(url, name)))
  const votes = new Map<string, { address: Address; count: number }>()
  for (const answer of answers) {
    if (answer.status === 'rejected') continue
    const address = answer.value
    const id = `${address.host} ${address.port}`
    votes.set(id, { address, count: (votes.get(id)?.count ?? 0) + 1 })
  }
  const [winner] = [...votes.values()].sort((one, other) => other.count - one.count)
  if (winner === undefined) throw notConnected()
  return winner.address
}

async function ask(url: string, name: string): Promise<Address> {
  const connection = new NodeRedisConnection({
    create: () => createClient({ url, RESP: 2, ...oneTimeOptions() }),
  })
  try {
    const reply = await within(SENTINEL_LIMIT, answerOf(connection, name))
    if (!Array.isArray(reply)) throw notConnected()
    return { host: String(reply[0]), port: Number(String(reply[1])) }
  } finally {
    connection.destroy()
  }
}

async function answerOf(connection: NodeRedisConnection, name: string): Promise<unknown> {
  await connection.open()
  return connection.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])
}
