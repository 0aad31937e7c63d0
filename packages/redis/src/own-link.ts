import { createClient } from '@redis/client'
import { clientOptions, optionsFor } from './client-options.js'
import { ConnectionKeeper } from './connection-keeper.js'
import { notConnected } from './errors.js'
import type { Link, Send, Subscriber } from './link.js'
import { NodeRedisConnection } from './node-redis-connection.js'
import type { NodeRedisClient } from './node-redis.js'
import type { OwnClientOptions, SentinelOptions } from './redis-options.js'
import { masterAddress } from './sentinel.js'

const LOCAL = 'redis://127.0.0.1:6379'

/** Longest time without any answer, in milliseconds, before a connection counts as lost. */
const SILENCE_LIMIT = 2_000

/** A client of the store's own, to a single server or to the master that sentinels name. */
export class OwnLink implements Link {
  readonly isCluster = false
  readonly #open: () => NodeRedisConnection
  readonly #keeper: ConnectionKeeper<NodeRedisConnection>

  constructor(options: OwnClientOptions) {
    this.#open = () => (options.sentinel ? toMaster(options, options.sentinel) : toServer(options))
    this.#keeper = new ConnectionKeeper({ create: this.#open, checkLimit: SILENCE_LIMIT })
  }

  readonly send: Send = (_key, command) => {
    const connection = this.#keeper.current
    if (connection !== undefined) return connection.send(command)
    void this.#keeper.start()
    return Promise.reject(notConnected())
  }

  masters(): ReturnType<Link['masters']> {
    return Promise.resolve([(command) => this.send('', command)])
  }

  subscriber(): Subscriber {
    return this.#open()
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
}

function toServer(options: OwnClientOptions): NodeRedisConnection {
  return new NodeRedisConnection({
    create: () => createClient(clientOptions(options, options.url ?? LOCAL)),
  })
}

function toMaster(options: OwnClientOptions, sentinel: SentinelOptions): NodeRedisConnection {
  return new NodeRedisConnection({
    async create() {
      const { host, port } = await masterAddress(sentinel)
      return createClient(optionsFor(options, host, port))
    },
    check: assertMaster,
  })
}

/** A master that was demoted still answers, and takes no writes. */
async function assertMaster(client: NodeRedisClient): Promise<void> {
  const [role] = (await client.sendCommand(['ROLE'])) as [unknown]
  if (String(role) !== 'master') throw notConnected()
}
