import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createRedisStore } from '@cacheado/redis'
import { openBilling, Tokens } from 'example-saas'
import type { Billing } from 'example-saas'
import { serveBilling } from './billing-channel.js'
import { findRedisServer, RedisServer } from './redis-server.js'

const NODE = fileURLToPath(new URL('./node.js', import.meta.url))

/** One process of the API. */
export interface ApiProcess {
  readonly name: 'A' | 'B'
  readonly url: string
  readonly process: ChildProcess
}

/** What {@link startCluster} gives. */
export interface Cluster {
  readonly billing: Billing
  readonly tokens: Tokens
  readonly a: ApiProcess
  readonly b: ApiProcess
  /** `undefined` where REDIS_URL names one: that is somebody's, and nobody here freezes it. */
  readonly redis: RedisServer | undefined
  /** Keys of the cache in Redis that begin like this. */
  keys(beginning: string): Promise<string[]>
  close(): Promise<void>
}

/** One database, one Redis, two processes of the API. `undefined` where there is no Redis to be had. */
export async function startCluster(
  options: { readonly ports?: readonly [number, number] } = {},
): Promise<Cluster | undefined> {
  const redis = await ownRedis()
  const url = redis?.url ?? process.env.REDIS_URL
  if (url === undefined) return undefined
  // One of its own, so that nothing is left in a Redis that others use.
  const prefix = `cacheado-example-${randomBytes(4).toString('hex')}`
  const secret = process.env.JWT_SECRET ?? randomBytes(32).toString('base64url')
  const billing = await openBilling({ invoices: 120_000 })
  const environment = { REDIS_URL: url, CACHE_PREFIX: prefix, JWT_SECRET: secret }
  const [portA = 0, portB = 0] = options.ports ?? []
  const [a, b] = await Promise.all([
    startProcess('A', billing, { ...environment, PORT: String(portA) }),
    startProcess('B', billing, { ...environment, PORT: String(portB) }),
  ])
  const store = createRedisStore({ url, prefix })
  await store.connect?.()
  const keys = async (beginning: string) => {
    const found: string[] = []
    for await (const slice of store.keys?.(beginning) ?? []) found.push(...slice)
    return found
  }
  return {
    billing,
    tokens: new Tokens(secret),
    a,
    b,
    redis,
    keys,
    close: async () => {
      await Promise.all([a, b].map(endProcess))
      if (redis === undefined) await store.delete(await keys(''))
      await store.close()
      await redis?.close()
      await billing.close()
    },
  }
}

async function ownRedis(): Promise<RedisServer | undefined> {
  if (process.env.REDIS_URL !== undefined) return undefined
  const binary = findRedisServer()
  return binary === undefined ? undefined : RedisServer.start(binary)
}

async function startProcess(
  name: ApiProcess['name'],
  billing: Billing,
  environment: Record<string, string>,
): Promise<ApiProcess> {
  const child = fork(NODE, { env: { ...process.env, ...environment } })
  serveBilling(billing, child)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { name, url: `http://127.0.0.1:${port}`, process: child }
}

async function endProcess({ process: child }: ApiProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
