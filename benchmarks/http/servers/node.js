import { createServer } from 'node:http'
import { report } from '../payload.js'

/** What Node allows: a constant answer, no framework. */
export function nodeServer() {
  const body = Buffer.from(JSON.stringify(report()))
  const server = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    res.end(body)
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
}
