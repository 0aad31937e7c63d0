import { startCluster } from './cluster.js'
import { NO_REDIS } from './no-redis.js'

const port = Number(process.env.PORT ?? 3001)
const cluster = await startCluster({ ports: [port, port + 1] })
if (cluster === undefined) {
  console.log(NO_REDIS)
} else {
  const { a, b, tokens } = cluster
  const token = await tokens.issue({ sub: 'ana', org_id: 'aurora', role: 'owner' })
  console.log(`One Redis, and two processes behind it: ${a.url} and ${b.url}. Ctrl+C ends them.\n`)
  console.log(`TOKEN=${token}`)
  // As behind a load balancer: a response belongs to the host that was asked for.
  const curl = `curl -si -H 'Host: billing.example' -H "Authorization: Bearer $TOKEN"`
  for (const line of [
    `${curl} ${a.url}/reports/monthly   # loaded`,
    `${curl} ${b.url}/reports/monthly   # a hit, from Redis`,
    `${curl} -X DELETE ${b.url}/cache   # forgotten, in both`,
    `curl -si ${a.url}/health`,
  ])
    console.log(line)
  process.once('SIGINT', () => void cluster.close())
  process.once('SIGTERM', () => void cluster.close())
}
