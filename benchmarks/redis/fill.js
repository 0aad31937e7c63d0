import { once } from 'node:events'
import { connect } from 'node:net'

/** Commands on the way at once. */
const BATCH = 10_000
const REPLY = '+OK\r\n'.length

/** Writes the same bytes under that many keys, as fast as the server takes them. */
export async function fillKeys({ port }, { keyOf, count, value }) {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  try {
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH)
      const commands = []
      for (let at = from; at < to; at++) commands.push(...setCommand(keyOf(at), value))
      await sent(socket, Buffer.concat(commands), to - from)
    }
  } finally {
    socket.destroy()
  }
}

function setCommand(key, value) {
  const head = `*3\r\n$3\r\nSET\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n$${value.length}\r\n`
  return [Buffer.from(head), value, LINE_END]
}

const LINE_END = Buffer.from('\r\n')

function sent(socket, commands, count) {
  return new Promise((resolve, reject) => {
    let missing = count * REPLY
    const read = (bytes) => {
      if (bytes[0] === ERROR) reject(new Error(bytes.toString()))
      missing -= bytes.length
      if (missing > 0) return
      socket.off('data', read)
      socket.off('error', reject)
      resolve()
    }
    socket.on('data', read)
    socket.on('error', reject)
    socket.write(commands)
  })
}

const ERROR = '-'.charCodeAt(0)
