import { RawConnection } from '../../engines/raw-connection.js'

const COUNT = 1000
const LIFE = 600_000
const KEYS = Array.from({ length: COUNT }, (_, at) => `another-application:${at}`)

/** Keys of somebody else in the same Redis: nobody may touch them (oracle O-4). */
export async function plantSentinels(port: number): Promise<void> {
  const connection = await RawConnection.open(port)
  for (const key of KEYS) connection.send('SET', key, `value of ${key}`, 'PX', String(LIFE))
  for (let left = COUNT; left > 0; left--) await connection.reply()
  connection.close()
}

/** How many of them are as they were, their expiry included. */
export async function sentinelsLeft(port: number): Promise<number> {
  const connection = await RawConnection.open(port)
  const values = (await connection.call('MGET', ...KEYS)) as readonly (Buffer | null)[]
  for (const key of KEYS) connection.send('PTTL', key)
  let left = 0
  for (const [at, key] of KEYS.entries()) {
    const life = Number(await connection.reply())
    if (String(values[at]) === `value of ${key}` && life > 0 && life <= LIFE) left++
  }
  connection.close()
  return left
}
