import { expect, it } from 'vitest'
import { createCache } from '@cacheado/core'
import { identityFrom } from '@cacheado/core/identity'
import { chain, listen, nodeCache, nodeContext } from './node-app.js'

it('smokes', async () => {
  const cache = createCache({ scopes: { organization: 'global', user: 'organization' } })
  const identity = identityFrom({ organization: (r: any) => r.headers['x-org'], user: (r: any) => r.headers['x-user'] })
  let runs = 0
  const server = await listen(
    chain(nodeContext({ cache, identity }), nodeCache({ scope: 'user', ttl: '1m' }), (req, res) => {
      runs++
      res.setHeader('ETag', '"a"')
      res.setHeader('Content-Type', 'text/plain')
      res.end(`hello ${req.headers['x-user']}`)
    }),
  )
  const get = async (user: string, more = {}) => {
    const r = await fetch(server.url + '/x', { headers: { 'x-org': 'o', 'x-user': user, ...more } })
    return [r.status, await r.text(), Object.fromEntries(r.headers)]
  }
  console.log(await get('a'))
  console.log(await get('a'))
  console.log(await get('b', { 'if-none-match': '"a"' }))
  console.log(await get('b'))
  console.log(await get('b', { 'if-none-match': '"a"' }))
  expect(runs).toBe(2)
  console.log(cache.stats())
  await server.close()
})
