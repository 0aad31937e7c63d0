import { createClient } from '@redis/client'
import { setAll } from '../keyspace.js'

/** Of the length of a real stamp. */
const STAMP = 's'.repeat(16)
const STAMP_KEYS = ['global', 'organization'].flatMap((scope) => [`${scope}:stamp`, `${scope}:tags`])

async function connected(url) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** The client that cacheado uses, alone: the text as it comes, not even parsed. */
export const rawGet = {
  configuration: 'createClient({ url }).get(key)',
  async create({ url, keyspace }) {
    const client = await connected(url)
    const { longKeys } = keyspace
    return {
      read: (place) => client.get(longKeys[place]),
      fill: () => setAll(keyspace, ({ longKey, value }) => client.set(longKey, JSON.stringify(value))),
    }
  },
}

/** What a read that carries its stamps costs the client and the server, whatever is made of the reply. */
export const rawMultiGet = {
  configuration: 'createClient({ url }).mGet([key, …4 stamps])',
  async create({ url, keyspace }) {
    const client = await connected(url)
    const { longKeys } = keyspace
    return {
      read: async (place) => (await client.mGet([longKeys[place], ...STAMP_KEYS]))[0] ?? undefined,
      async fill() {
        await setAll(keyspace, ({ longKey, value }) => client.set(longKey, JSON.stringify(value)))
        for (const key of STAMP_KEYS) await client.set(key, STAMP)
      },
    }
  },
}
