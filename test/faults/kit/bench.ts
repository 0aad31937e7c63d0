import { redisStore } from '@cacheado/redis'
import { lookup as systemLookup, type LookupOptions } from 'node:dns'
import { onTestFinished } from 'vitest'
import type { Adapter } from '../../adapters/application.js'
import { startProxy, type RespProxy } from '../../engines/resp-proxy.js'
import { startRedis, type RedisServer } from '../../engines/redis-server.js'
import { startNode, type FaultNode } from './node.js'
import { Truth } from './truth.js'

/** A Redis, a bad line to it, and two nodes of an application at its end: the first keeps nothing in memory. */
export interface Bench {
  readonly redis: RedisServer
  readonly proxy: RespProxy
  readonly truth: Truth
  readonly nodes: readonly FaultNode[]
  /** Whether the name of the server is known. */
  readonly names: { areKnown: boolean }
}

/** Options of {@link startBench}. */
export interface BenchOptions {
  readonly redisArgs?: readonly string[] | undefined
  /** The server is not there when the application starts. */
  readonly absent?: boolean | undefined
}

/** All of it ends with the test. */
export async function startBench(adapter: Adapter, { redisArgs = [], absent }: BenchOptions = {}): Promise<Bench> {
  const redis = await startRedis({ args: redisArgs })
  // After the applications: they are closed by hooks, which come first.
  onTestFinished(() => redis.close())
  const proxy = await startProxy({ port: redis.port })
  onTestFinished(() => proxy.close())
  if (absent) await redis.kill()
  const truth = new Truth()
  const names = { areKnown: true }
  const remote = () => redisStore({ url: proxy.url.replace('127.0.0.1', 'redis.test'), socket: resolvedBy(names) })
  const nodes = [
    await startNode(adapter, truth, { at: 0, remote: remote(), memory: false }),
    await startNode(adapter, truth, { at: 1, remote: remote() }),
  ]
  return { redis, proxy, truth, nodes, names }
}

type Found = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

function resolvedBy(names: { readonly areKnown: boolean }) {
  const lookup = (_host: string, options: LookupOptions, found: Found) => {
    if (names.areKnown) systemLookup('127.0.0.1', options, found as never)
    else found(Object.assign(new Error('getaddrinfo ENOTFOUND redis.test'), { code: 'ENOTFOUND' }), '', 4)
  }
  return { lookup } as never
}
