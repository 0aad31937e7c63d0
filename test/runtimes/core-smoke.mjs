// What core promises on every runtime. Nothing of Node is imported here: a Worker may have none of it.
import { createCache, isCacheError } from '@cacheado/core'

// At the top of the module on purpose: Workers allow no timer, no I/O and no random number here.
const cache = createCache({ scopes: { organization: 'global', user: 'organization' }, ttl: '5m' })
const ids = { organization: 'org_1', user: 'user_1' }

/**
 * @param {{ context: boolean }} platform whether it has AsyncLocalStorage
 * @returns {Promise<string[]>} what went wrong; empty where all is well
 */
export async function coreSmoke({ context }) {
  const failures = []
  const expect = (what, actual, expected) => {
    if (actual !== expected) failures.push(`${what}: ${String(actual)} instead of ${String(expected)}`)
  }

  let loads = 0
  const load = () => cache.at('user', ids).getOrSet('settings', () => ({ load: ++loads }))
  await load()
  expect('the second read is a hit', (await load()).load, 1)
  const other = await cache.at('user', { ...ids, user: 'user_2' }).get('settings')
  expect('another user finds nothing', other, undefined)
  await cache.at('organization', { organization: 'org_1' }).invalidate()
  expect('a read after the invalidation loads again', (await load()).load, 2)

  if (context) {
    const seen = await cache.run(ids, async () => {
      await Promise.resolve()
      return cache.current('user').get('settings')
    })
    expect('the context places its caller', seen?.load, 2)
  } else {
    expect(
      'without AsyncLocalStorage run says so',
      codeOf(() => cache.run(ids, () => 'ran')),
      'ERR_CACHE_CONTEXT',
    )
  }

  await cache.close()
  return failures
}

function codeOf(action) {
  try {
    return `no error but ${String(action())}`
  } catch (error) {
    return isCacheError(error) ? error.code : String(error)
  }
}
