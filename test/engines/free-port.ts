import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, so that a stopped server finds its port again. */
const FIRST = 11_000
const LAST = 21_000

/** What Redis Cluster adds to a port for its own bus. */
const CLUSTER_BUS = 10_000

/** A port of loopback on which nobody listens, nor on that of its cluster bus. Another process may still be faster. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if ((await isFree(port)) && (await isFree(port + CLUSTER_BUS))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
