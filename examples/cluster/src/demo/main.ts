import { startCluster } from '../cluster.js'
import { NO_REDIS } from '../no-redis.js'
import { Actor, Api } from './api.js'
import { Checklist, bold, dim, print, time } from 'example-saas/demo'
import { coherence } from './coherence.js'
import { frozen } from './frozen.js'
import { purge } from './purge.js'
import { restart } from './restart.js'
import type { Stage } from './stage.js'
import { stampede } from './stampede.js'

const startedAt = performance.now()
print(bold('cacheado: one small SaaS, two processes, one Redis'))
print(dim('Starting Redis, an embedded PostgreSQL with 120,000 invoices, and two processes …'))
const cluster = await startCluster()
if (cluster === undefined) {
  print(NO_REDIS)
} else {
  const { billing, tokens, redis } = cluster
  const named = (organization: string) => Actor.named(`ana@${organization}`, tokens)
  const [aurora, borealis, cascade, fjord] = await Promise.all(['aurora', 'borealis', 'cascade', 'fjord'].map(named))
  const stage = {
    cluster,
    a: new Api(cluster.a, billing),
    b: new Api(cluster.b, billing),
    checklist: new Checklist(),
    ana: { aurora, borealis, cascade, fjord } as Stage['ana'],
  }
  print(dim(`Ready after ${time(performance.now() - startedAt)}: ${cluster.a.url} and ${cluster.b.url}`))
  try {
    await coherence(stage)
    await stampede(stage)
    if (redis === undefined) {
      print(dim('\nREDIS_URL names a Redis that is not ours: it is neither frozen nor killed.'))
    } else {
      await frozen(stage, redis)
      await restart(stage, redis)
    }
    await purge(stage)
    if (!stage.checklist.conclude()) process.exitCode = 1
  } finally {
    await cluster.close()
  }
  print(dim(`${time(performance.now() - startedAt)} in all.`))
}
