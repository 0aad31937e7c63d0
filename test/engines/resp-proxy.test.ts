// Each fault of the proxy, as a socket sees it that speaks to a real redis-server through it.
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeEngine } from './engine-or-skip.js'
import { ERROR_REPLIES, type ErrorReply } from './proxy-rules.js'
import { RawConnection } from './raw-connection.js'
import { startRedis, type RedisServer } from './redis-server.js'
import { encodeCommand, RespError } from './resp.js'
import { startProxy, type RespProxy } from './resp-proxy.js'
import { until } from './until.js'

describeEngine('redis-server', 'a fault proxy', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
    for (const name of ['a', 'b', 'c']) await redis.call('SET', name, name.toUpperCase())
  })
  afterAll(() => redis.close())

  async function proxied(seed = 1): Promise<{ proxy: RespProxy; client: RawConnection }> {
    const proxy = await startProxy({ port: redis.port, seed })
    onTestFinished(() => proxy.close())
    return { proxy, client: await client(proxy) }
  }

  async function client(proxy: RespProxy): Promise<RawConnection> {
    const connection = await RawConnection.open(proxy.port)
    onTestFinished(() => connection.close())
    return connection
  }

  /** Three commands at once, and what comes for each. */
  async function replies(connection: RawConnection): Promise<unknown[]> {
    const asked = ['a', 'b', 'c'].map(async (name) => String(await connection.ask('GET', name)))
    // Takes the place of a reply that is missing; it is missing itself where that happened.
    connection.ask('ECHO', 'end').catch(() => {})
    return Promise.all(asked)
  }

  test('brings commands and replies through unchanged, RESP2 and RESP3', async () => {
    const { client } = await proxied()
    const value = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, at) => at & 255))
    expect(await client.ask('SET', 'bytes', value)).toBe('OK')
    expect(await client.ask('GET', 'bytes')).toEqual(value)
    expect(await client.ask('GET', 'missing')).toBe(null)
    expect(await client.ask('MGET', 'a', 'missing', 'b')).toEqual([Buffer.from('A'), null, Buffer.from('B')])
    expect(await client.ask('INCR', 'a')).toBeInstanceOf(RespError)
    expect(await client.ask('HELLO', '3')).toContainEqual(Buffer.from('proto'))
    expect(await client.ask('GET', 'missing')).toBe(null)
    expect(await client.ask('HGETALL', 'missing')).toEqual([])
  })

  test('drops, doubles, inserts and swaps replies', async () => {
    const { proxy, client: one } = await proxied()
    proxy.order('drop', { command: 'GET' })
    expect(await replies(one)).toEqual(['B', 'C', 'end'])

    const two = await client(proxy)
    proxy.order('duplicate', { command: 'GET' })
    expect(await replies(two)).toEqual(['A', 'A', 'B'])

    const three = await client(proxy)
    proxy.order('insert', { command: 'GET' })
    expect(await replies(three)).toEqual(['extra', 'A', 'B'])

    const four = await client(proxy)
    proxy.order('swap', { command: 'GET' })
    expect(await replies(four)).toEqual(['B', 'A', 'C'])

    const five = await client(proxy)
    proxy.extraReply = Buffer.from('$5\r\nother\r\n')
    const order = proxy.order('insert', { command: 'GET', times: 2, on: ({ id }) => id === 5 })
    expect(order.left).toBe(2)
    expect(await replies(four)).toEqual(['A', 'B', 'C'])
    expect(await replies(five)).toEqual(['other', 'A', 'other'])
    expect(order.left).toBe(0)
  })

  test('does to every reply what its rules say, until they are others', async () => {
    const { proxy, client } = await proxied()
    proxy.rules({ replies: { GET: 'swap' } })
    expect(await Promise.all(['a', 'b'].map(async (name) => String(await client.ask('GET', name))))).toEqual(['B', 'A'])
    proxy.rules()
    expect(await replies(client)).toEqual(['A', 'B', 'C'])
  })

  test('cuts a reply and ends the connection', async () => {
    const { proxy } = await proxied()
    for (const fault of ['truncate', 'reset'] as const) {
      proxy.order(fault, { command: 'GET' })
      const { bytes, error } = await rawAnswer(proxy.port, encodeCommand(['GET', 'a']))
      expect(bytes).toBe('$1\r')
      if (fault === 'truncate') expect(error).toBe(undefined)
    }
  })

  test('brings garbage', async () => {
    const { proxy, client } = await proxied()
    proxy.order('garbage')
    await expect(client.ask('GET', 'a')).rejects.toThrow('no RESP')
  })

  test('brings replies byte by byte, and whole in the end', async () => {
    const { proxy } = await proxied()
    proxy.rules({ fragment: 1 })
    const { bytes, chunks } = await rawAnswer(proxy.port, encodeCommand(['MGET', 'a', 'b']), 18)
    expect(bytes).toBe('*2\r\n$1\r\nA\r\n$1\r\nB\r\n')
    expect(chunks).toBeGreaterThan(5)
  })

  test('brings what is long in pieces, and whole', async () => {
    const { proxy, client } = await proxied()
    const value = Buffer.alloc(100_000, 'x')
    await client.ask('SET', 'long', value)
    proxy.rules({ fragment: 1 })
    expect(await client.ask('GET', 'long')).toEqual(value)
  })

  test('delays replies, in their order, and jitter keeps it', async () => {
    const { proxy, client } = await proxied()
    proxy.rules({ delay: 60 })
    const start = performance.now()
    expect(await replies(client)).toEqual(['A', 'B', 'C'])
    expect(performance.now() - start).toBeGreaterThan(55)
    proxy.rules({ jitter: 20 })
    for (let times = 0; times < 5; times++) expect(await replies(client)).toEqual(['A', 'B', 'C'])
  })

  test('accepts and never answers in a black hole, and what fell in stays there', async () => {
    const { proxy, client: before } = await proxied()
    const untouched = await client(proxy)
    await untouched.ask('PING')
    proxy.rules({ blackHole: true })
    const during = await client(proxy)
    let answered = 0
    for (const connection of [before, during]) {
      void connection.ask('GET', 'a').then(
        () => answered++,
        () => {},
      )
    }
    await until('both have fallen in', () => proxy.accepted === 3)
    // The proxy has read what it swallows before it reads this, which came later.
    await redis.call('PING')
    proxy.rules()
    const after = await client(proxy)
    expect(String(await after.ask('GET', 'a'))).toBe('A')
    expect(String(await untouched.ask('GET', 'a'))).toBe('A')
    expect(answered).toBe(0)
    let closed = 0
    for (const connection of [before, during]) void connection.closed.then(() => closed++)
    await after.ask('PING')
    expect(closed).toBe(0)
  })

  test('resets connections: all, or those that are meant', async () => {
    const { proxy, client: one } = await proxied()
    const two = await client(proxy)
    await one.ask('PING')
    await two.ask('SUBSCRIBE', 'channel')
    proxy.reset(({ isSubscriber }) => isSubscriber)
    expect(await two.closed).toMatchObject({ code: 'ECONNRESET' })
    expect(await one.ask('PING')).toBe('PONG')
    proxy.reset()
    expect(await one.closed).toMatchObject({ code: 'ECONNRESET' })
    await until('none is left', () => proxy.connections.length === 0)
  })

  test('refuses connections, and accepts them again on the same port', async () => {
    const { proxy, client: open } = await proxied()
    await open.ask('PING')
    proxy.refuse()
    await expect(RawConnection.open(proxy.port)).rejects.toThrow('ECONNREFUSED')
    expect(await open.ask('PING')).toBe('PONG')
    await proxy.accept()
    expect(await (await client(proxy)).ask('PING')).toBe('PONG')
  })

  test('answers with every error in place of what was asked, which is not done', async () => {
    const { proxy, client } = await proxied()
    for (const error of Object.keys(ERROR_REPLIES) as ErrorReply[]) {
      proxy.rules({ errors: { SET: error } })
      const [written, read] = await Promise.all([client.ask('SET', 'a', 'other'), client.ask('GET', 'a')])
      expect(written).toEqual(new RespError(ERROR_REPLIES[error]))
      expect(String(read)).toBe('A')
    }
    proxy.rules({ errors: { '*': 'LOADING' } })
    expect(await client.ask('PING')).toMatchObject({ message: ERROR_REPLIES.LOADING })
    expect(await client.ask('CLIENT', 'SETNAME', 'name')).toBe('OK')
  })

  test('keeps errors of its own in their place among real replies', async () => {
    const { proxy, client } = await proxied()
    proxy.rules({ errors: { ECHO: 'BUSY' } })
    const asked = ['GET', 'ECHO', 'GET', 'ECHO', 'ECHO', 'GET'].map((name) => client.ask(name, 'a'))
    const kinds = (await Promise.all(asked)).map((reply) => (reply instanceof RespError ? reply.code : String(reply)))
    expect(kinds).toEqual(['A', 'BUSY', 'A', 'BUSY', 'BUSY', 'A'])
  })

  test('lets a transaction fail as a server does, of which one command was refused', async () => {
    const { proxy, client } = await proxied()
    proxy.rules({ errors: { SET: 'OOM' } })
    const commands = [['MULTI'], ['SET', 'a', 'other'], ['DEL', 'b'], ['EXEC'], ['MGET', 'a', 'b']]
    const got = await Promise.all(commands.map((command) => client.ask(...command)))
    expect(got.map((reply) => (reply instanceof RespError ? reply.code : String(reply)))).toEqual([
      ...['OK', 'OOM', 'QUEUED', 'EXECABORT'],
      'A,B',
    ])
  })

  test('greets with an error where there are too many clients', async () => {
    const { proxy } = await proxied()
    proxy.rules({ greeting: 'MAXCLIENTS' })
    expect(await rawAnswer(proxy.port, Buffer.alloc(0))).toMatchObject({ bytes: `-${ERROR_REPLIES.MAXCLIENTS}\r\n` })
  })

  test('has rules for each connection', async () => {
    const { proxy, client: one } = await proxied()
    const two = await client(proxy)
    await one.ask('PING')
    await two.ask('PING')
    proxy.rules(({ id }) => (id === 2 ? { errors: { GET: 'NOPERM' } } : undefined))
    expect(String(await one.ask('GET', 'a'))).toBe('A')
    expect(await two.ask('GET', 'a')).toMatchObject({ code: 'NOPERM' })
  })

  for (const protocol of ['2', '3']) {
    test(`loses, doubles and moves messages by its seed, in RESP${protocol}`, async () => {
      const first = await messagesHeard(protocol, 7)
      const { lost, doubled, moved } = first
      expect(await messagesHeard(protocol, 7)).toEqual(first)
      expect(await messagesHeard(protocol, 8)).not.toEqual(first)
      for (const count of [lost, doubled, moved]) {
        expect(count).toBeGreaterThan(20)
        expect(count).toBeLessThan(90)
      }
    })
  }

  /** What is left of 500 messages. */
  async function messagesHeard(protocol: string, seed: number) {
    const { proxy, client } = await proxied(seed)
    await client.ask('HELLO', protocol)
    client.send('SUBSCRIBE', 'channel', 'end')
    const heard: number[] = []
    proxy.rules({ messages: { drop: 0.1, duplicate: 0.1, reorder: 0.1 } })
    const commands = Array.from({ length: 500 }, (_, at) => ['PUBLISH', 'channel', `${at}`])
    if (protocol === '2') await Promise.all([client.reply(), client.reply()])
    else await until('both are confirmed', () => client.pushes.length === 2)
    const publisher = await RawConnection.open(redis.port)
    onTestFinished(() => publisher.close())
    const read = protocol === '2' ? untilEnd(client, heard) : undefined
    const recording = proxy.record()
    await Promise.all(commands.map((command) => publisher.ask(...command)))
    await until('the proxy has seen them all', () => recording.replies.length === commands.length)
    proxy.rules()
    await publisher.ask('PUBLISH', 'end', 'end')
    if (read) await read
    else {
      await until('the last message', () => client.pushes.some((push) => String(push).startsWith('message,end')))
      for (const push of client.pushes.slice(2, -1)) heard.push(Number((push as Buffer[])[2]))
    }
    const seen = new Set(heard)
    const moved = heard.filter((number, at) => at > 0 && number < heard[at - 1]!).length
    return { heard, lost: 500 - seen.size, doubled: heard.length - seen.size, moved }
  }

  test('leaves messages alone that come in order, and the replies of other connections', async () => {
    const { proxy, client: one } = await proxied()
    proxy.rules(({ isSubscriber }) => (isSubscriber ? { messages: { drop: 1 } } : undefined))
    expect(await replies(one)).toEqual(['A', 'B', 'C'])
  })

  test('records commands, bytes and round trips', async () => {
    const { proxy, client } = await proxied()
    await client.ask('PING')
    const recording = proxy.record()
    await client.ask('MGET', 'a', 'b')
    await Promise.all([client.ask('GET', 'a'), client.ask('GET', 'b')])
    recording.stop()
    await client.ask('PING')
    const commands = [encodeCommand(['MGET', 'a', 'b']), encodeCommand(['GET', 'a']), encodeCommand(['GET', 'b'])]
    expect(recording.commands.map(({ name, words }) => [name, words.join(' ')])).toEqual([
      ['MGET', 'MGET a b'],
      ['GET', 'GET a'],
      ['GET', 'GET b'],
    ])
    expect(recording.commands.map(({ bytes }) => bytes)).toEqual(commands.map(({ length }) => length))
    expect(recording.bytesSent).toBe(Buffer.concat(commands).length)
    expect(recording.replies.join('')).toBe('*2\r\n$1\r\nA\r\n$1\r\nB\r\n$1\r\nA\r\n$1\r\nB\r\n')
    expect(recording.bytesReceived).toBe(recording.replies.join('').length)
    expect(recording.roundTrips).toBe(2)
  })

  test('shows the end of the server as the end of the connection', async () => {
    const own = await startRedis()
    onTestFinished(() => own.close())
    const proxy = await startProxy({ port: own.port })
    onTestFinished(() => proxy.close())
    const connection = await client(proxy)
    await connection.ask('PING')
    await own.kill()
    await connection.closed
    const refused = await client(proxy)
    await refused.closed
    await own.restart()
    expect(await (await client(proxy)).ask('PING')).toBe('PONG')
  })
})

/** Reads messages of RESP2 until the one on `end`. */
async function untilEnd(client: RawConnection, heard: number[]): Promise<void> {
  for (;;) {
    const [, channel, message] = (await client.reply()) as Buffer[]
    if (String(channel) === 'end') return
    heard.push(Number(message))
  }
}

/** Everything that comes until the connection ends, or until so many bytes are there. */
function rawAnswer(port: number, question: Buffer, enough = Infinity) {
  return new Promise<{ bytes: string; chunks: number; error: string | undefined }>((resolve) => {
    let bytes = ''
    let chunks = 0
    let error: string | undefined
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(question))
    socket.on('data', (chunk: Buffer) => {
      chunks++
      bytes += chunk.toString('latin1')
      if (bytes.length >= enough) socket.destroy()
    })
    socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code))
    socket.on('close', () => resolve({ bytes, chunks, error }))
  })
}
