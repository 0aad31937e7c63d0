import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Found } from '../src/commands.js'
import { createMemcachedStore } from '../src/create-memcached-store.js'
import { ReplyReader } from '../src/reply-reader.js'
import { ValuesReply } from '../src/reply.js'

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers each connection's first commands with these texts, whatever was asked. */
async function answering(...answers: string[]) {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.write(answers.join(''), 'latin1'))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { address: `127.0.0.1:${port}`, connections: () => connections }
}

const GARBAGE = {
  'a value that was not asked for': 'VALUE p:other 0 1\r\na\r\nEND\r\n',
  'the same value twice': 'VALUE p:key 0 1\r\na\r\nVALUE p:key 0 1\r\nb\r\nEND\r\n',
  'the reply to a write': 'STORED\r\n',
  'an error of the protocol': 'ERROR\r\n',
  'bytes that are no reply': '\x16\x03\x01\x02\x00\x01\r\n',
  'an endless line': 'x'.repeat(5000),
  'a value of another length': 'VALUE p:key 0 3\r\nabcdef\r\nEND\r\n',
  'a value of an impossible length': 'VALUE p:key 0 9999999999\r\n',
  'a length that is no number': 'VALUE p:key 0 -1\r\n\r\nEND\r\n',
  'half a value and no more': 'VALUE p:key 0 10\r\nabc',
}

describe('a server that answers with', () => {
  test.each(Object.entries(GARBAGE))('%s: the command rejects and the connection is given up', async (_, answer) => {
    const { address, connections } = await answering(answer)
    const store = createMemcachedStore({ servers: address, prefix: 'p', timeout: 150 })
    await expect(store.getMany(['key'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    await expect.poll(async () => store.getMany(['key']).catch(() => connections()), { timeout: 2000 }).toBe(2)
    await store.close()
  })

  test('one reply too many: no later command meets it', async () => {
    const { address } = await answering('VALUE p:key 0 1\r\na\r\nEND\r\n', 'VALUE p:key 0 1\r\nb\r\nEND\r\n')
    const store = createMemcachedStore({ servers: address, prefix: 'p', timeout: 150 })
    const [value] = await store.getMany(['key'])
    expect(value).toEqual(Uint8Array.of(97))
    await expect(store.getMany(['other'])).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    await store.close()
  })

  test('a failure of its own: the one command rejects and the connection stays', async () => {
    const { address, connections } = await answering('SERVER_ERROR out of memory storing object\r\n')
    const store = createMemcachedStore({ servers: address, prefix: 'p' })
    for (let time = 0; time < 3; time++) await expect(store.getMany(['key'])).rejects.toThrow('could not do it')
    expect(connections()).toBe(1)
    await store.close()
  })
})

test('values are the same however the connection cuts them', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,20}$/), fc.uint8Array({ maxLength: 300 })), {
    selector: ([key]) => key,
    maxLength: 5,
  })
  fc.assert(
    fc.property(entries, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (entries, cuts) => {
      const whole = Buffer.concat([
        ...entries.flatMap(([key, value]) => [`VALUE ${key} 0 ${value.length} 7\r\n`, value, '\r\n'].map(asBuffer)),
        asBuffer('END\r\n'),
      ])
      const reader = new ReplyReader()
      const reply = new ValuesReply(entries.map(([key]) => key))
      let found: ReadonlyMap<string, Found> | Error | undefined
      for (let from = 0, at = 0; from < whole.length; at++) {
        const to = from + (cuts[at % cuts.length] as number)
        if (reader.push(Buffer.from(whole.subarray(from, to)))) found = reply.read(reader)?.result ?? found
        from = to
      }
      expect(found).toEqual(new Map(entries.map(([key, value]) => [key, { value, unique: '7' }])))
    }),
  )
})

function asBuffer(part: string | Uint8Array): Buffer {
  return typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)
}
