import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Heartbeats belong to no operation: on a connection for commands, on one that listens, and the replies to both. */
const HEARTBEATS = ['*1\r\n$4\r\nPING\r\n', '+PONG\r\n', '*2\r\n$4\r\npong\r\n$0\r\n\r\n'].map((text) =>
  Buffer.from(text),
)

/** A way to the server that counts what goes over it: bytes, and how often somebody had to wait for a reply. */
export async function tapWire(port) {
  const counts = { bytesSent: 0, bytesReceived: 0, roundTrips: 0 }
  const sockets = new Set()
  const server = createServer({ noDelay: true }, (client) => {
    const behind = connect({ port, host: '127.0.0.1', noDelay: true })
    join({ client, behind }, counts)
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `redis://127.0.0.1:${server.address().port}`,
    counts: () => ({ ...counts }),
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** What is sent after something was received is a trip of its own; what is sent along with it is not. */
function join({ client, behind }, counts) {
  let waiting = false
  client.on('data', (bytes) => {
    behind.write(bytes)
    if (isHeartbeat(bytes)) return
    counts.bytesSent += bytes.length
    if (!waiting) counts.roundTrips++
    waiting = true
  })
  behind.on('data', (bytes) => {
    client.write(bytes)
    if (isHeartbeat(bytes)) return
    counts.bytesReceived += bytes.length
    waiting = false
  })
  for (const [socket, other] of [
    [client, behind],
    [behind, client],
  ]) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroy())
  }
}

function isHeartbeat(bytes) {
  return HEARTBEATS.some((heartbeat) => heartbeat.equals(bytes))
}
