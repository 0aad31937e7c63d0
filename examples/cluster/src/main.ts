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
  for (const line of [
    `curl -si -H "Authorization: Bearer $TOKEN" ${a.url}/reports/monthly   # loaded`,
    `curl -si -H "Authorization: Bearer $TOKEN" ${b.url}/reports/monthly   # a hit, from Redis`,
    `curl -si -H "Authorization: Bearer $TOKEN" -X DELETE ${b.url}/cache   # forgotten, in both`,
    `curl -si ${a.url}/health`,
  ])
    console.log(line)
  process.once('SIGINT', () => void cluster.close())
  process.once('SIGTERM', () => void cluster.close())
}
