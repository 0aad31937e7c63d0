// The engines that other tests start, freeze and kill do what their names say.
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { describeEngine } from './engine-or-skip.js'
import { startMemcached } from './memcached-server.js'
import { RawConnection, redisCall } from './raw-connection.js'
import { startCluster } from './redis-cluster.js'
import { startRedis, type RedisOptions } from './redis-server.js'

async function redisServer(options?: RedisOptions) {
  const redis = await startRedis(options)
  onTestFinished(() => redis.close())
  return redis
}

describeEngine('redis-server', 'a redis-server of our own', () => {
  test('answers as soon as it is started, and is gone after it was closed', async () => {
    const redis = await redisServer()
    const { pid } = redis
    expect(await redis.call('PING')).toBe('PONG')
    await redis.close()
    expect(() => process.kill(pid, 0)).toThrow()
    await expect(RawConnection.open(redis.port)).rejects.toThrow('ECONNREFUSED')
  })

  test('is silent while it is stopped and answers what was asked when it continues', async () => {
    const redis = await redisServer()
    const connection = await RawConnection.open(redis.port)
    await redis.stop()
    let answered = false
    const reply = connection.ask('PING').finally(() => (answered = true))
    // The kernel accepts for it, and keeps the bytes.
    const other = await RawConnection.open(redis.port)
    const late = other.ask('PING')
    expect(answered).toBe(false)
    await redis.continue()
    expect(await reply).toBe('PONG')
    expect(await late).toBe('PONG')
    connection.close()
    other.close()
  })

  test('is empty on the same port after a restart', async () => {
    const redis = await redisServer()
    await redis.call('SET', 'key', 'value')
    const { pid } = redis
    await redis.restart()
    expect(redis.pid).not.toBe(pid)
    expect(await redisCall(redis.port, 'GET', 'key')).toBe(null)
  })

  test('has its data after a restart where its arguments say so', async () => {
    const redis = await redisServer({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    await redis.call('SET', 'key', 'value')
    await redis.kill()
    expect(redis.isRunning).toBe(false)
    await redis.restart()
    expect(await redis.call('GET', 'key')).toEqual(Buffer.from('value'))
  })

  test('is killed while it is stopped', async () => {
    const redis = await redisServer()
    await redis.stop()
    await redis.kill()
    expect(redis.isRunning).toBe(false)
  })

  test('says why it did not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'yes'] })).rejects.toThrow('no-such-option')
  })
})

describeEngine('memcached', 'a memcached of our own', () => {
  test('answers, is silent while it is stopped, and is empty after a restart', async () => {
    const memcached = await startMemcached()
    onTestFinished(() => memcached.close())
    expect(await ask(memcached.port, 'set key 0 0 5\r\nvalue\r\n')).toBe('STORED\r\n')
    await memcached.stop()
    const late = ask(memcached.port, 'get key\r\n')
    await memcached.continue()
    expect(await late).toBe('VALUE key 0 5\r\nvalue\r\nEND\r\n')
    await memcached.restart()
    expect(await ask(memcached.port, 'get key\r\n')).toBe('END\r\n')
  })
})

describeEngine('redis-server', 'a Redis Cluster of our own', () => {
  test('fails over, moves a slot, and survives the loss of a master', { timeout: 60_000 }, async () => {
    const cluster = await startCluster()
    onTestFinished(() => cluster.close())
    const before = await cluster.ownerOf(0)
    await before.call('SET', '{06S}key', 'value')

    await cluster.failover(0)
    const promoted = await cluster.ownerOf(0)
    expect(promoted.port).not.toBe(before.port)
    expect(await promoted.call('GET', '{06S}key')).toEqual(Buffer.from('value'))

    const migration = await cluster.migrateSlot(0)
    await migration.moveKeys()
    await expect(promoted.call('GET', '{06S}key')).rejects.toThrow('ASK 0')
    await migration.finish()
    await expect(promoted.call('GET', '{06S}key')).rejects.toThrow(`MOVED 0 127.0.0.1:${migration.to.port}`)
    expect(await migration.to.call('GET', '{06S}key')).toEqual(Buffer.from('value'))

    const killed = await cluster.killMaster(1)
    await cluster.settled()
    expect((await cluster.ownerOf(8000)).port).not.toBe(killed.port)
    await killed.restart()
    await cluster.settled()
  })
})

function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.once('error', reject)
    socket.once('data', (answer: Buffer) => {
      socket.destroy()
      resolve(answer.toString())
    })
  })
}
